"""What the learner's Dockerfile says, and what docker makes of it at the build, at the start and at a stop.

Builds and starts nothing.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from checker.harness.containers.dockerfile import Dockerfile
from checker.harness.findings import fail
from checker.harness.signals import signal_named
from checker.stage_2.gunicorn_deployment.faults import expect_all
from checker.stage_2.gunicorn_deployment.units import ROOTS
from course.model import SourceLine

# What gunicorn ends by. A threaded worker's report survives the quick ones too.
ENDING = frozenset({"SIGTERM", "SIGINT", "SIGQUIT"})
# The port of an address that nobody has replaced: "0.0.0.0:$PORT", "--bind=:${PORT}".
UNREPLACED = re.compile(r":\$(?:\w+|\{\w+\})$")


def expect_sound_dockerfile(project: Path, file: Dockerfile) -> None:
    """What is wrong with an image whoever runs it."""
    where = file.place("ENTRYPOINT", project) or file.place("CMD", project) or SourceLine("Dockerfile", 1)
    expect_all(
        partial(_expect_exec_form, file, where),
        partial(_expect_no_reloader, file, where),
        partial(_expect_somebody, project, file, where),
        partial(_expect_known_user, project, file),
    )


def _expect_exec_form(file: Dockerfile, where: SourceLine) -> None:
    if not file.is_exec_form:
        looks_like_a_list = any(step and step.value.startswith("[") for step in map(file.last, file.stage.shell_forms))
        saw = "it is a line for a shell, which is then the container's first process"
        fail(
            "shell-form",
            wanted='the container\'s command is a list, as in CMD ["program", "argument"]',
            saw=f"it looks like a list and is no JSON, whose words stand in double quotes: {saw}"
            if looks_like_a_list
            else saw,
            where=where,
        )


def _expect_no_reloader(file: Dockerfile, where: SourceLine) -> None:
    if any("--reload" in word for word in file.arguments):
        saw = "--reload: gunicorn watches every file, and restarts its workers under the visitors' hands"
        fail("reloader", wanted="a container serves the code it was built with", saw=saw, where=where)


def _expect_somebody(project: Path, file: Dockerfile, where: SourceLine) -> None:
    user = file.user.partition(":")[0]
    if user in ROOTS:
        fail(
            "runs-as-root",
            wanted="the command runs as a user of its own",
            saw=f"USER {file.user}" if file.user else "no USER: it runs as root, as the base image does",
            where=file.place("USER", project) or (file.place("FROM", project) if file.has_stages else where),
        )


def _expect_known_user(project: Path, file: Dockerfile) -> None:
    user = file.user.partition(":")[0]
    if not file.knows_user(user):
        fail(
            "unknown-user",
            wanted="the user that the command runs as exists in the image",
            saw=f"USER {file.user}, and nothing in this stage makes {user}: docker refuses to start it "
            f"(unable to find user {user}: no matching entries in passwd file)",
            where=file.place("USER", project),
        )
    if step := file.run_by_nobody:
        fail(
            "unknown-user",
            wanted="a user is there before the first RUN that is run as that user",
            saw=f"docker build runs {step.value.splitlines()[0]!r} as a user whom only a later line makes, if any, "
            "and ends there (unable to find user: no matching entries in passwd file)",
            where=SourceLine("Dockerfile", step.line),
        )


def expect_plain_port(project: Path, file: Dockerfile, wanted: str) -> None:
    """No variable is left for a shell that is not there: gunicorn itself would get `$PORT`."""
    first, *rest = file.arguments or ("",)
    given = next((word for word in rest if UNREPLACED.search(word)), None)
    if given and re.fullmatch(r"gunicorn|python[\d.]*", first.rpartition("/")[2]):
        name = "CMD" if given in file.command else "ENTRYPOINT"
        saw = f"gunicorn gets {given!r} as it stands: in a list there is no shell that replaces a variable"
        fail("unreachable-from-outside", wanted=wanted, saw=saw, where=file.place(name, project))


def expect_stop_signal(project: Path, file: Dockerfile) -> None:
    """STOPSIGNAL is one that gunicorn hears, and ends by."""
    if file.stop_signal in ENDING or signal_named(file.stop_signal) is None:
        return
    what = "needs no consent: it ends at once" if file.stop_signal == "SIGKILL" else "does not end gunicorn"
    fail(
        "request-cut",
        wanted="docker stop tells gunicorn to finish and to leave",
        saw=f"STOPSIGNAL is {file.stop_signal}, which {what}",
        where=file.place("STOPSIGNAL", project),
    )

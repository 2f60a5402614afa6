"""What the learner's Dockerfile says, before anything is started by it."""

from __future__ import annotations

from pathlib import Path

from checker.harness.containers.dockerfile import Dockerfile
from checker.harness.findings import fail
from checker.harness.learner_files import expect_bytes

FILE = "Dockerfile"
SHELLS = ("sh", "bash", "dash", "ash")


def expect_sound_dockerfile(project: Path, file: Dockerfile) -> None:
    """The server is the container's first process, and watches no files."""
    expect_bytes(project, FILE)
    where = file.place("ENTRYPOINT", project) or file.place("CMD", project)
    if file.arguments and not file.is_exec_form:
        saw = "it is a line for a shell, which is then the container's first process and gets the stop in its place"
        fail("unfit-command", wanted='the command is a list, as in CMD ["program", "argument"]', saw=saw, where=where)
    if file.arguments and Path(file.arguments[0]).name in SHELLS:
        saw = f"{file.arguments[0]} is the first process, which the stop is sent to"
        fail("unfit-command", wanted="the command starts its program without a shell", saw=saw, where=where)
    if any("--reload" in word for word in file.arguments):
        saw = "--reload: it watches files, and serves with one process"
        fail("unfit-command", wanted="a container serves the code it was built with", saw=saw, where=where)

"""A Dockerfile, read as docker reads it: what the last build stage says, with its lines. Builds and runs nothing.

Known: continuation lines, comments, heredocs, stages built on stages, ARG and ENV in what follows them, and that
`CMD ['gunicorn']` is no JSON and therefore a shell's text. Not known: `# escape=`, ONBUILD, the base image.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path

from checker.harness.containers.stage import BuildStage, Instruction, last_stage, lineage
from checker.harness.learner_files import text_of
from checker.harness.signals import signal_named
from course.model import SourceLine

# Users that Debian's and Alpine's base images hold, and the images that are known to be one of these.
_USERS = frozenset(
    (
        *("root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data"),
        *("backup", "list", "irc", "_apt", "nobody", "guest"),
    )
)
_PLAIN_IMAGES = frozenset({"python", "debian", "ubuntu", "alpine"})
_MAKES_USERS = re.compile(r"useradd|adduser|newusers|passwd|sysusers|\.sh\b")
_HEREDOC = re.compile(r"<<-?[\"']?([A-Za-z_]\w*)[\"']?")


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A whole Dockerfile; its words are those of the last build stage. A missing file reads as an empty one."""

    path: Path
    instructions: tuple[Instruction, ...]
    stage: BuildStage

    @property
    def command(self) -> tuple[str, ...]:
        """CMD as an argument vector; in shell form `("/bin/sh", "-c", text)`. Empty when there is none."""
        return self.stage.command or ()

    @property
    def entrypoint(self) -> tuple[str, ...]:
        """ENTRYPOINT, as `command`."""
        return self.stage.entrypoint or ()

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the container's first process is started by. An ENTRYPOINT in shell form takes no CMD."""
        return self.entrypoint if "ENTRYPOINT" in self.stage.shell_forms else self.entrypoint + self.command

    @property
    def is_exec_form(self) -> bool:
        """Whether no shell stands before the program: whatever is given of ENTRYPOINT and CMD is a JSON list."""
        return bool(self.arguments) and not self.stage.shell_forms

    @property
    def user(self) -> str:
        """The last USER ("10001:10001", "app"); empty for the base image's, usually root."""
        return self.stage.user

    @property
    def stop_signal(self) -> str:
        """STOPSIGNAL as "SIGQUIT", SIGTERM when not given; as written when there is no such signal."""
        number = signal_named(self.stage.stop_signal)
        return self.stage.stop_signal if number is None else number.name

    @property
    def exposed(self) -> tuple[str, ...]:
        """The ports of EXPOSE ("8000", "8000/tcp")."""
        return self.stage.exposed

    @property
    def environment(self) -> Mapping[str, str]:
        """ENV, with the variables in its values replaced."""
        return self.stage.environment

    @property
    def workdir(self) -> str:
        """The folder of the first process; docker's own is `/`."""
        return self.stage.workdir

    @property
    def lineage(self) -> tuple[Instruction, ...]:
        """The instructions that the image is made by: the last stage's, and before them those it is built on."""
        return lineage(self.instructions)

    @property
    def has_stages(self) -> bool:
        """Whether there is more than one FROM."""
        return sum(step.name == "FROM" for step in self.instructions) > 1

    def knows_user(self, name: str) -> bool:
        """Whether the image can have this user. What an image of somebody's own holds, or a script does, counts."""
        return _is_known(name, self.lineage)

    @property
    def run_by_nobody(self) -> Instruction | None:
        """The first RUN whose USER nothing before it can have made: there the build ends."""
        user = ""
        for number, step in enumerate(self.lineage):
            if step.name == "USER":
                user = step.value.strip("\"'").partition(":")[0]
            elif step.name == "RUN" and user and "$" not in user and not _is_known(user, self.lineage[:number]):
                return step
        return None

    def last(self, name: str) -> Instruction | None:
        """The last instruction of this name that the image is made by."""
        return next((step for step in reversed(self.lineage) if step.name == name.upper()), None)

    def place(self, name: str, project: Path) -> SourceLine | None:
        """The line of that instruction, for a finding; None when there is none."""
        step = self.last(name)
        return SourceLine(self.path.relative_to(project).as_posix(), step.line) if step else None


def read(path: Path) -> Dockerfile:
    """Read a Dockerfile. Words that docker does not know are kept as instructions, and mean nothing."""
    instructions = tuple(_instructions(text_of(path)))
    return Dockerfile(path, instructions, last_stage(instructions))


def _instructions(text: str) -> list[Instruction]:
    found: list[Instruction] = []
    lines = iter(enumerate(text.splitlines(), start=1))
    for number, first in lines:
        if _is_no_instruction(first):
            continue
        whole = first.rstrip()
        while whole.endswith("\\"):
            # Comments and empty lines within an instruction are left out, as docker leaves them out.
            following = next((line for _, line in lines if not _is_no_instruction(line)), "")
            whole = f"{whole[:-1]}{following.rstrip()}"
        name, value = (*whole.split(maxsplit=1), "")[:2]
        if name.upper() in {"RUN", "COPY", "ADD"}:
            for end in _HEREDOC.findall(value):
                value = "\n".join([value, *takewhile(partial(_is_before, end), (line for _, line in lines))])
        found.append(Instruction(name.upper(), value.strip(), number))
    return found


def _is_before(end: str, line: str) -> bool:
    return line.strip() != end


def _is_known(name: str, steps: Sequence[Instruction]) -> bool:
    """Whether an image that is made by these instructions can have this user."""
    base = next((step.value for step in steps if step.name == "FROM"), "")
    image = next((word for word in base.split() if not word.startswith("--")), "")
    if name.isdecimal() or name in _USERS or re.split(r"[:@]", image.rpartition("/")[2])[0] not in _PLAIN_IMAGES:
        return True
    texts = (step.value for step in steps if step.name in {"RUN", "COPY", "ADD"})
    return any(_MAKES_USERS.search(text) and _may_mean(text, name) for text in texts)


def _may_mean(text: str, name: str) -> bool:
    """Whether it names this user, or leaves the name to a variable, a file or a script."""
    return bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])|\$|passwd|\.sh\b", text))


def _is_no_instruction(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")

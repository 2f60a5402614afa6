"""What the instructions of a Dockerfile's last build stage come to, those of the stages it is built on included."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

SHELL = ("/bin/sh", "-c")
# The one of the official Python images, and docker's own.
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
_VARIABLE = re.compile(r"\\(\$)|\$(\w+)|\$\{(\w+)(?:(:?[-+])([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, the rest of it as one line, and the line of the file it begins at."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class BuildStage:
    """What one FROM and the instructions after it come to. Commands are argument vectors, None when not given."""

    command: tuple[str, ...] | None = None
    entrypoint: tuple[str, ...] | None = None
    shell_forms: frozenset[str] = frozenset()
    user: str = ""
    stop_signal: str = "SIGTERM"
    exposed: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: str = "/"


def last_stage(instructions: tuple[Instruction, ...]) -> BuildStage:
    """The stage that an image is made of: from the last FROM on. `FROM build` goes on where stage `build` ended."""
    named: dict[str, BuildStage] = {}
    name, facts = "", _Facts(BuildStage())
    for step in instructions:
        if step.name == "FROM":
            named[name] = facts.stage()
            words = [word for word in step.value.split() if not word.startswith("--")]
            name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
            earlier = named.get(words[0].lower()) if words else None
            facts = _Facts(earlier or BuildStage())
        else:
            facts.take(step)
    return facts.stage()


def lineage(instructions: tuple[Instruction, ...]) -> tuple[Instruction, ...]:
    """The last stage's instructions, its FROM included, and before them those of the stages that it is built on."""
    named: dict[str, tuple[Instruction, ...]] = {}
    name, steps = "", tuple[Instruction, ...]()
    for step in instructions:
        if step.name == "FROM":
            named[name] = steps
            words = [word for word in step.value.split() if not word.startswith("--")]
            name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
            steps = named.get(words[0].lower(), ()) if words else ()
        steps = (*steps, step)
    return steps


class _Facts:
    """A stage while it is read."""

    def __init__(self, before: BuildStage) -> None:
        self._forms: dict[str, tuple[str, ...] | None] = {"CMD": before.command, "ENTRYPOINT": before.entrypoint}
        self._shell_forms = set(before.shell_forms)
        self._inherited_command = before.command
        self._shell: tuple[str, ...] = SHELL
        self._words = {"USER": before.user, "STOPSIGNAL": before.stop_signal, "WORKDIR": before.workdir}
        self._exposed = list(before.exposed)
        self._environment = dict(before.environment)
        self._arguments: dict[str, str] = {}

    def take(self, step: Instruction) -> None:
        value = _expanded(step.value, {"PATH": PATH, **self._arguments, **self._environment})
        match step.name:
            case "CMD" | "ENTRYPOINT":
                self._take_form(step)
            case "SHELL":
                self._shell = _json_list(step.value) or self._shell
            case "ENV":
                self._environment.update(_pairs(value))
            case "ARG":
                for name, default in _pairs(value, lone_names=True).items():
                    self._arguments[name] = default
            case "EXPOSE":
                self._exposed += value.split()
            case "WORKDIR":
                self._words["WORKDIR"] = posixpath.normpath(posixpath.join(self._words["WORKDIR"], _unquoted(value)))
            case "USER" | "STOPSIGNAL":
                self._words[step.name] = _unquoted(value)

    def stage(self) -> BuildStage:
        return BuildStage(
            command=self._forms["CMD"],
            entrypoint=self._forms["ENTRYPOINT"],
            shell_forms=frozenset(self._shell_forms),
            user=self._words["USER"],
            stop_signal=self._words["STOPSIGNAL"],
            exposed=tuple(dict.fromkeys(self._exposed)),
            environment=self._environment,
            workdir=self._words["WORKDIR"],
        )

    def _take_form(self, step: Instruction) -> None:
        words = _json_list(step.value)
        self._shell_forms.discard(step.name)
        if words is None and step.value:
            words = (*self._shell, step.value)
            self._shell_forms.add(step.name)
        self._forms[step.name] = words
        if step.name == "ENTRYPOINT" and self._forms["CMD"] is self._inherited_command:
            # A new ENTRYPOINT forgets the CMD that came with the image below, not one of its own stage.
            self._forms["CMD"] = None
            self._shell_forms.discard("CMD")


def _json_list(text: str) -> tuple[str, ...] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(value) if isinstance(value, list) and all(isinstance(word, str) for word in value) else None


def _pairs(text: str, *, lone_names: bool = False) -> dict[str, str]:
    """`A=1 B="2 3"`, or the old `A 1 with blanks`."""
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    if words and "=" not in words[0] and not lone_names:
        name, _, value = text.partition(" ")
        return {name: value.strip()}
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'")


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        known = variables.get(found[2] or found[3])
        how, other = found[4], found[5] or ""
        if how and how.endswith("+"):
            return other if known else ""
        if how and (known is None or (not known and how == ":-")):
            return other
        return known or ""

    return _VARIABLE.sub(value, text)

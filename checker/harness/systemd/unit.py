"""A unit file, read as systemd reads it (systemd.syntax(7), systemd.service(5)). Starts nothing.

Known: continuation lines, comments, repeated keys, the reset by an empty value, quoting, variables, the common
specifiers, time spans. A line that systemd would ignore is no directive, and stands in `ignored_lines`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.harness.learner_files import text_of
from checker.harness.systemd.command import Command, commands, specified, words
from course.model import SourceLine

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")
_SECONDS = {
    **dict.fromkeys(["us", "usec"], 1e-6),
    **dict.fromkeys(["ms", "msec"], 1e-3),
    **dict.fromkeys(["", "s", "sec", "second", "seconds"], 1),
    **dict.fromkeys(["m", "min", "minute", "minutes"], 60),
    **dict.fromkeys(["h", "hr", "hour", "hours"], 3600),
}
# For a unit of the system. `%h` and `%u` are those of systemd itself: User= does not change them (systemd.unit(5)).
_SPECIFIERS = {"u": "root", "h": "/root", "s": "/bin/sh", "t": "/run", "S": "/var/lib", "C": "/var/cache",
               "L": "/var/log", "E": "/etc"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Directive:
    """One `Name=value` of a section, and the line it begins at."""

    section: str
    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit file. A missing file reads as an empty one."""

    path: Path
    directives: tuple[Directive, ...]
    ignored_lines: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        """The section that makes it what it is: "Service" for `web.service`, "Socket" for `web.socket`."""
        return self.path.suffix.removeprefix(".").capitalize()

    def all(self, name: str, section: str = "") -> tuple[Directive, ...]:
        """Every directive of this name that still counts: an empty value takes back those before it."""
        found = [d for d in self.directives if d.name == name and d.section == (section or self.kind)]
        resets = [at for at, directive in enumerate(found) if not directive.value]
        return tuple(found[resets[-1] + 1 :] if resets else found)

    def value(self, name: str, default: str = "", section: str = "") -> str:
        """The last value of a directive, `default` when it is not set. `section` is the unit's own when not named."""
        found = self.all(name, section)
        return found[-1].value if found else default

    def seconds(self, name: str, default_s: float) -> float:
        """A time span ("90", "1min 30s") in seconds, "infinity" included; the default when it is none."""
        text = self.value(name)
        if text == "infinity":
            return float("inf")
        parts = _SPAN.findall(text)
        if not parts or _SPAN.sub("", text).strip() or any(unit not in _SECONDS for _, unit in parts):
            return default_s
        return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))

    def commands(self, name: str) -> tuple[Command, ...]:
        """The command lines of ExecStart and its like, those included that systemd would not run (`Command.fault`)."""
        return tuple(command for directive in self.all(name) for command in commands(directive.value, directive.line))

    def environment(self) -> dict[str, str]:
        """What `Environment=` sets."""
        pairs = [word for directive in self.all("Environment") for word in words(directive.value) or ()]
        named = (specified(pair, self.specifiers()).partition("=") for pair in pairs if "=" in pair)
        return {name: value for name, _, value in named}

    def specifiers(self) -> Mapping[str, str]:
        """The common specifiers by their letter."""
        prefix, _, instance = self.path.stem.partition("@")
        return {**_SPECIFIERS, "n": self.path.name, "N": self.path.stem, "p": prefix, "i": instance, "I": instance}

    def place(self, name: str, project: Path, section: str = "") -> SourceLine | None:
        """The line of a directive, for a finding; None when it is not set."""
        found = self.all(name, section)
        return SourceLine(self.path.relative_to(project).as_posix(), found[-1].line) if found else None


def read_unit(path: Path) -> Unit:
    """Read a unit file."""
    section, found, ignored = "", [], []
    lines = iter(enumerate(text_of(path).splitlines(), start=1))
    for number, first in lines:
        line = first.strip()
        if _is_comment(line):
            continue
        while line.endswith("\\"):
            # Comments within a continued line are left out; an empty line ends it.
            following = next((other for _, other in lines if not other.lstrip().startswith(("#", ";"))), "")
            line = f"{line[:-1]} {following.strip()}".rstrip()
        name, equals, value = line.partition("=")
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif not equals or not section:
            ignored.append(number)
        else:
            found.append(Directive(section, name.strip(), value.strip(), number))
    return Unit(path, tuple(found), tuple(ignored))


def _is_comment(line: str) -> bool:
    return not line or line.startswith(("#", ";"))

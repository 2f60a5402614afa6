"""A command line of a unit file: its words, its variables, and why systemd would not run it.

systemd is no shell (systemd.service(5), "Command lines"): quotes and backslashes as in C, `$VAR` only as a word of its
own, `${VAR}` anywhere, no pipes, no `&&`, no `~`, no `${VAR:-default}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " "}
_BRACED = re.compile(r"\$\$|\$\{([^}]*)\}")
_SPECIFIER = re.compile(r"%(.)")
UNBALANCED = "Unbalanced quoting"


@dataclass(frozen=True, slots=True)
class Command:
    """One command of ExecStart and its like, as it is written."""

    prefixes: str  # "-" (may fail), "@" (the next word is its name), ":" (no variables), "+" and "!" (rights)
    program: str
    arguments: tuple[str, ...]
    line: int
    fault: str = ""  # systemd's words when it would leave this command out

    @property
    def is_absolute(self) -> bool:
        """Whether the program is named by its whole path."""
        return self.program.startswith("/")

    @property
    def in_shell(self) -> bool:
        """Whether the program is a shell, and what it runs therefore a child of it, unless it is `exec`ed."""
        return self.program.rpartition("/")[2] in SHELLS

    def expanded(self, environment: Mapping[str, str], specifiers: Mapping[str, str]) -> list[str]:
        """The argument vector, with specifiers and variables replaced; unset variables are empty."""
        given = [specified(word, specifiers) for word in self.arguments]
        if ":" in self.prefixes:
            return [self.program, *given]
        replaced: list[str] = []
        for word in given:
            if word.startswith("$") and word[1:2] not in {"{", "$"}:
                replaced += environment.get(word[1:], "").split()
            else:
                replaced.append(_BRACED.sub(lambda f: environment.get(f[1], "") if f[1] is not None else "$", word))
        return [self.program, *replaced]


def commands(text: str, line: int) -> tuple[Command, ...]:
    """The commands of one directive: usually one, more when a word of its own is `;`."""
    split = words(text)
    if split is None:
        return (Command("", text, (), line, UNBALANCED),)
    found: list[list[str]] = [[]]
    for word in split:
        if word == ";":
            found.append([])
        else:
            found[-1].append(";" if word == "\\;" else word)
    return tuple(_command(vector, line) for vector in found if vector)


def _command(vector: list[str], line: int) -> Command:
    bare = vector[0].lstrip("-@:+!")
    prefixes = vector[0][: len(vector[0]) - len(bare)]
    arguments = vector[2:] if "@" in prefixes else vector[1:]
    fault = ""
    if not bare:
        fault = "Empty path in command line"
    elif "/" in bare and not bare.startswith("/"):
        fault = f"Neither a valid executable name nor an absolute path: {bare}"
    return Command(prefixes, bare, tuple(arguments), line, fault)


def words(text: str) -> tuple[str, ...] | None:
    """The words of a value, unquoted; None when a quote is not closed, or an escape is none of C's."""
    found: list[str] = []
    word, quote, begun, at = "", "", False, 0
    while at < len(text):
        sign = text[at]
        at += 1
        if sign == "\\":
            escaped = _escape(text, at)
            if escaped is None:
                return None
            piece, at = escaped
            word, begun = word + piece, True
        elif quote:
            word, quote = (word, "") if sign == quote else (word + sign, quote)
        elif sign in "\"'":
            quote, begun = sign, True
        elif sign.isspace():
            if begun:
                found.append(word)
            word, begun = "", False
        else:
            word, begun = word + sign, True
    if quote:
        return None
    return (*found, word) if begun else tuple(found)


def specified(text: str, specifiers: Mapping[str, str]) -> str:
    """The text with its specifiers replaced; `%%` is a percent sign, an unknown one stays as it is."""
    return _SPECIFIER.sub(lambda found: "%" if found[1] == "%" else specifiers.get(found[1], found[0]), text)


def _escape(text: str, at: int) -> tuple[str, int] | None:
    sign = text[at : at + 1]
    if sign in {"\\", '"', "'"}:
        return sign, at + 1
    if sign == ";":  # a semicolon that ends no command; told apart from a bare one by its backslash
        return "\\;", at + 1
    if sign in _ESCAPES:
        return _ESCAPES[sign], at + 1
    for form, base in ((r"x([0-9a-fA-F]{2})", 16), (r"([0-7]{3})", 8), (r"u([0-9a-fA-F]{4})", 16)):
        if found := re.compile(form).match(text, at):
            return chr(int(found[1], base)), found.end()
    return None

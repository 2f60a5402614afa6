"""JSON with comments, as VS Code has it: members put in and taken out of a file's object, all else left to the byte."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""(?P<space>[\ufeff\s]+)
      | (?P<comment>//[^\r\n]*|/\*.*?\*/)
      | (?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")
      | (?P<mark>[{}\[\]:,])
      | (?P<word>[-+.\w]+)""",
    re.VERBOSE | re.DOTALL,
)
INDENT = "    "


class Unclear(ValueError):
    """The text is no object in JSON with comments, or names something twice: nobody can say what a change would do."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class _Member:
    """One name and its value: where the name begins, where the value ends, where the commas beside it stand."""

    name: str
    start: int
    end: int
    comma_before: int | None
    comma_after: int | None


def values(text: str) -> dict[str, Any]:
    """The object's members. An empty text is an empty object, as VS Code has it. Raises Unclear."""
    return _read(text)[0] if text.strip() else {}


def added(text: str, new: Mapping[str, Any]) -> str:
    """The text with these members at the top of its object, which has none of them. Raises Unclear."""
    text = text if text.strip() else "{}\n"
    _, tokens, members = _read(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = _indent(text, members)
    lines = [f"{newline}{indent}{json.dumps(name)}: {json.dumps(value)}" for name, value in new.items()]
    piece = ",".join(lines) + ("," if members else "")
    at = tokens[0].end
    if text[at] == "}":
        piece += newline
    return text[:at] + piece + text[at:]


def without(text: str, old: Mapping[str, Any]) -> str:
    """The text without these members, as far as it has them with these values. Undoes `added`. Raises Unclear."""
    for name, value in old.items():
        found, _, members = _read(text)
        for member in members:
            if member.name == name and found[name] == value:
                text = _cut(text, member)
    return text


def is_blank(text: str) -> bool:
    """Whether its object has no member, and the text no comment. Raises Unclear."""
    return not values(text) and not any(token.kind == "comment" for token in _tokens(text))


def _cut(text: str, member: _Member) -> str:
    start = member.start
    while start and text[start - 1].isspace():
        start -= 1
    if member.comma_after is not None:
        return text[:start] + text[member.end : member.comma_after] + text[member.comma_after + 1 :]
    if member.comma_before is not None:  # the last one: a comment between the two stays
        return text[: member.comma_before] + text[member.comma_before + 1 : start] + text[member.end :]
    return text[:start] + text[member.end :]


def _indent(text: str, members: list[_Member]) -> str:
    if not members:
        return INDENT
    line = text[: members[0].start].rpartition("\n")[2]
    return line if line and line.isspace() else INDENT


def _read(text: str) -> tuple[dict[str, Any], list[_Token], list[_Member]]:
    tokens = [token for token in _tokens(text) if token.kind not in {"space", "comment"}]
    texts = [token.text for token in tokens]
    # A comma may stand behind the last member.
    plain = [
        text
        for before, text, after in zip(["", *texts], texts, [*texts[1:], ""], strict=False)
        if not (text == "," and after in {"}", "]"} and before not in {"{", "[", ","})
    ]
    try:
        found = json.loads(" ".join(plain), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise Unclear(str(error)) from error
    if not isinstance(found, dict):
        raise Unclear("it is no object")
    return found, tokens, _members(tokens)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unclear("a name stands twice in one object")
    return found


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unclear(f"line {text.count(chr(10), 0, at) + 1} is not understood")
        tokens.append(_Token(str(match.lastgroup), match[0], at))
        at = match.end()
    return tokens


def _members(tokens: list[_Token]) -> list[_Member]:
    """Those of the outermost object; the tokens are known to be JSON."""
    members: list[_Member] = []
    depth = 0
    name: _Token | None = None
    comma: int | None = None
    end = 0
    for token in tokens:
        closes = depth == 1 and token.text in {",", "}"} and token.kind == "mark"
        if closes and name is not None:
            after = token.start if token.text == "," else None
            members.append(_Member(json.loads(name.text), name.start, end, comma, after))
            name, comma = None, after
        elif depth == 1 and name is None and token.kind == "string":
            name = token
        if token.kind == "mark":
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token.text, 0)
        end = token.end
    return members

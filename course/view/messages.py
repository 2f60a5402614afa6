"""A conversation as text: a column for each server, a row for each message. Says the same with and without colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from course.pictures import Conversation, Message, MessageKind
from course.shared.telling import most_telling

NAME_COLUMNS = 14
PARTY_COLUMNS = (6, 14)  # from one server's column to the next, at least and at most
TEXT_COLUMNS = 24  # where there is less room beside the arrows, the text drops under them
TIME_COLUMNS = 9
GAP = 2

_LINE, _SAID, _HEARD, _ENDED = "│", "▸", "◂", "✗"


def draw(talk: Conversation, width: int, record: str = "") -> Talk:
    """The picture in at most `width` columns. Where it is narrow, a message's text drops under its arrow.

    `record` is the file that has the messages which the picture lacks; without, `learn show` will name it.
    """
    return Talk(talk, width, record)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as lines, as a Drawing has them (picture.py), but cut by what its rows tell."""

    talk: Conversation
    width: int
    record: str = ""

    @property
    def columns(self) -> int:
        """What it takes: `width`, or more where the record's path, which is never cut, is longer."""
        return max(self.width, cell_len(_more(self.talk.left_out, self._rest)))

    @property
    def _rest(self) -> str:
        return self.record or "learn show"

    def whole(self) -> Text:
        """All of it."""
        return self._lines(self.talk.messages, _more(self.talk.left_out, self._rest))

    def within(self, most: int) -> Text:
        """The picture in at most `most` lines: what never came, and what belongs to it, before all else."""
        layout = _Layout.of(self.talk, self.width)
        head = len(_header(self.talk, layout)) + bool(self.talk.title)
        lines_each = 1 if layout.beside else 2
        if head + lines_each * len(self.talk.messages) + bool(self.talk.left_out) <= most:
            return self.whole()
        shown = most_telling(self.talk.messages, max((most - head - 1) // lines_each, 1))
        left_out = len(self.talk.messages) - len(shown) + self.talk.left_out
        return self._lines(shown, _more(left_out, "learn show"))

    def _lines(self, messages: Sequence[Message], more: str) -> Text:
        layout = _Layout.of(self.talk, self.width)
        lines = [Text(_cut(self.talk.title, self.width))] if self.talk.title else []
        lines += _header(self.talk, layout)
        lines += [line for message in messages for line in _lines(message, layout)]
        if more:
            lines.append(Text(_cut(more, self.columns), style="dim"))
        return Text("\n", no_wrap=True, overflow="crop").join(lines)


def _more(count: int, where: str) -> str:
    return f"{count} more message{'' if count == 1 else 's'}: {where}" if count else ""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each part stands. `columns` holds each server's place behind the names; empty where there are too many."""

    width: int
    times: int
    names: int
    parties: tuple[str, ...]
    columns: tuple[int, ...]
    beside: bool

    @classmethod
    def of(cls, talk: Conversation, width: int) -> _Layout:
        names = min(max((cell_len(m.by) for m in talk.messages), default=0), NAME_COLUMNS, width // 3)
        least, most = PARTY_COLUMNS
        step = min(max(least, *(cell_len(party) + GAP for party in talk.parties), least), most)
        columns = tuple(step * (at + 1) for at in range(len(talk.parties)))
        if not columns or names + GAP + columns[-1] + step // 2 > width:
            columns = ()
        taken = names + GAP + (columns[-1] + GAP if columns else step + GAP + 1)
        times = TIME_COLUMNS if width - taken - TIME_COLUMNS >= TEXT_COLUMNS else 0
        return cls(width, times, names, talk.parties, columns, width - taken >= TEXT_COLUMNS)

    @property
    def text_at(self) -> int:
        """The column where texts begin."""
        if not self.beside:
            return self.names + GAP
        return self.times + self.names + GAP + (self.columns[-1] + 1 if self.columns else PARTY_COLUMNS[1]) + GAP


def _header(talk: Conversation, layout: _Layout) -> list[Text]:
    """The servers' names, each in the middle over its column."""
    line = ""
    for party, column in zip(talk.parties, layout.columns, strict=bool(layout.columns)):
        name = _cut(party, PARTY_COLUMNS[1] - GAP)
        at = layout.times + layout.names + GAP + column - cell_len(name) // 2
        line = set_cell_size(line, max(at, cell_len(line) + 1)) + name
    return [Text(_cut(line, layout.width), style="dim")] if line else []


def _lines(message: Message, layout: _Layout) -> list[Text]:
    line = Text(f"{message.at_ms / 1000:.2f} s".rjust(layout.times - GAP) + " " * GAP if layout.times else "", "dim")
    line = Text().append_text(line).append(_cut(message.by, layout.names, fill=True) + " " * GAP)
    for cell in _arrow(message, layout):
        line.append(cell, style="dim" if cell in "│─" else "")
    if layout.beside:
        line.append(" " * max(layout.text_at - line.cell_len, 1))
        return [_with_text(line, message, layout)]
    return [line, _with_text(Text(" " * layout.text_at), message, layout)]


def _arrow(message: Message, layout: _Layout) -> str:
    """From the name to the server's column, or back; without a recorded way only the columns."""
    is_recorded = message.via in layout.parties
    arrow = {MessageKind.SAID: _SAID, MessageKind.HEARD: _HEARD, MessageKind.CLOSED: _ENDED}.get(message.kind, " ")
    if not layout.columns:
        return f"{arrow} {message.via}" if is_recorded else " "
    cells = [" "] * (layout.columns[-1] + 1)
    for column in layout.columns:
        cells[column] = _LINE
    if not is_recorded or message.kind is MessageKind.MISSING:
        return "".join(cells)
    at = layout.columns[layout.parties.index(message.via)]
    if message.kind is MessageKind.CLOSED:
        cells[at] = _ENDED
        return "".join(cells)
    cells[:at] = "─" * at
    cells[at - 1 if message.kind is MessageKind.SAID else 0] = arrow
    return "".join(cells)


def _words(message: Message) -> str:
    return f'{_ENDED} never "{message.text}"' if message.kind is MessageKind.MISSING else message.text


def _with_text(line: Text, message: Message, layout: _Layout) -> Text:
    shown = _cut(_words(message), layout.width - line.cell_len)
    return line.append(shown[:1], style="red" if message.kind is MessageKind.MISSING else "").append(shown[1:])


def _cut(text: str, columns: int, *, fill: bool = False) -> str:
    text = "".join(character if character.isprintable() else " " for character in text)
    if cell_len(text) > columns:
        text = set_cell_size(text, max(columns - 1, 0)).rstrip(" …") + "…"
    return set_cell_size(text, columns) if fill else text

"""A picture as lines of text, whole or cut to a few rows: what it shows from the first row on, and its legend.

Whatever draws one (timeline.py, chart.py) hands its lines over as a Drawing; what is cut, and where, is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rich.text import Text

LEAST_LINES = 4  # of a picture that is cut: below that it says nothing


@dataclass(frozen=True, slots=True)
class Drawing:
    """The lines of a picture. An entry of the body has one line, or more where words drop under it.

    The head has a title, where there is one, above its last line, the scale.
    """

    head: Sequence[Text] = ()
    body: Sequence[Sequence[Text]] = ()
    legend: Sequence[Text] = field(default=())

    def whole(self) -> Text:
        """All of it."""
        return _joined([*self.head, *(line for entry in self.body for line in entry), *self.legend])

    def within(self, most: int) -> Text:
        """The picture in at most `most` lines: its first entries, how many are left out, and its last one.

        It does without its title where it is whole then.
        """
        room = most - len(self.head) - len(self.legend)
        lines = sum(map(len, self.body))
        if lines <= room or len(self.body) < 2:
            return self.whole()
        if lines <= room + len(self.head[:-1]):
            return replace(self, head=self.head[-1:]).whole()
        last = self.body[-1]
        room -= len(last) + 1
        first: list[Text] = []
        shown = 0
        for entry in self.body[:-1]:
            if len(first) + len(entry) > room:
                break
            first += entry
            shown += 1
        left_out = len(self.body) - 1 - shown
        rows = "row" if left_out == 1 else "rows"
        more = Text(f"{left_out} more {rows}: learn show", style="dim")
        return _joined([*self.head, *first, more, *last, *self.legend])


def _joined(lines: Sequence[Text]) -> Text:
    return Text("\n", no_wrap=True, overflow="crop").join(lines)

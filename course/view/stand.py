"""A stack that stands: where everything is, then what its programs say, each line behind the name of who says it."""

from __future__ import annotations

from collections.abc import Iterable

from course.model import Exercise
from course.shared.standing import FIRST_PORT, Ended, Said, StandEvent, Trouble, Up, to_line
from course.view.rows import BLANK, Block, Drawn, Row, bad, dim
from course.view.screens import Screen

LABEL_COLUMNS = 13


class Follow:
    """Shows what a stack tells (stands.Listener)."""

    def __init__(self, screen: Screen, exercise: Exercise) -> None:
        self._screen = screen
        self._columns = LABEL_COLUMNS
        self._show([Row(exercise.title, right=dim("Ctrl-C ends it")), BLANK])

    def __call__(self, event: StandEvent) -> None:
        """Show what this event tells."""
        match event:
            case Up():
                self._show(self._addresses(event))
            case Said():
                self._show([self._row(event.name, event.line)])
            case Ended():
                how = f"signal {-event.returncode}" if event.returncode < 0 else f"exit code {event.returncode}"
                self._show([self._row(event.name, bad(f"has ended ({how}); at your next save it is started again"))])
            case Trouble():
                self._show([Row(bad("The stack does not stand"), right=dim("tried again at your next save"))])
                self._show(Row(line, indent=2) for line in event.wrong.splitlines())

    def changed(self) -> None:
        """Your files have changed."""
        self._show([BLANK, Row(dim("changed: started again")), BLANK])

    def _addresses(self, up: Up) -> Iterable[Drawn]:
        names = [*(name for name, _ in up.sites), "gate"]
        self._columns = max(LABEL_COLUMNS, *(len(name) + 2 for name in names))
        for port, (name, url) in enumerate(up.sites, FIRST_PORT):
            yield self._row(name, url, "" if url.endswith(f":{port}") else f"where lessons say {port}, which was taken")
        if not up.sites:
            yield Row("It serves nobody. Beside it, `learn run -- COMMAND` asks the gate.")
        if up.page:
            yield self._row("gate", up.page, "whom it holds, and the button that lets it go")
        yield BLANK

    def _row(self, name: str, text: object, right: str = "") -> Row:
        return Row(text, label=dim(name), label_columns=self._columns, right=dim(right))  # type: ignore[arg-type]

    def _show(self, rows: Iterable[Drawn]) -> None:
        self._screen.as_it_is_now().show(rows)


class JsonEvents:
    """Prints each event as a line of JSON instead; same use."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def __call__(self, event: StandEvent) -> None:
        """The event's own line."""
        self._screen.show([Block(to_line(event), margin=0)])

    def changed(self) -> None:
        """Nothing: what is told next is an `up`."""

"""`learn watch` on the screen: the last run as `learn check` shows one, or a page over it, and below it the keys.

Whatever is shown can be drawn anew: on a terminal of another size, and after somebody else has had it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from course.learner.watching import Began, Ended, News, Outdated, Refused, Restarting
from course.model import CheckStarted
from course.view import trouble
from course.view.check import Follow
from course.view.measure import cells
from course.view.rows import BLANK, Drawn, Ink, Row, dim
from course.view.running import Running
from course.view.screens import Screen

Page = Callable[[Screen], Iterable[Drawn]]

CLEAR = "\x1b[H\x1b[2J"
# In the order in which they find room; the last two always do.
KEYS = (
    *(("h", "hint"), ("l", "lesson"), ("s", "show"), ("o", "open"), ("n", "next"), ("e", "list"), ("t", "reset")),
    *(("r", "run"), ("?", "keys"), ("q", "quit")),
)
WHAT_KEYS_DO = (
    ("h", "the next hint for what failed last"),
    ("l", "the lesson"),
    ("s", "the last run, its findings and pictures whole"),
    ("o", "the line of the last finding, in your editor"),
    ("n", "the next open exercise"),
    ("e", "the exercises with their state, to pick one"),
    ("t", "back to the scaffold; it asks, and a backup is kept"),
    ("r", "run the checks again; Enter does it too"),
    ("q", "quit"),
)
OUTDATED = Row(dim("Files changed again while the checks ran: r runs them anew."))
BACK = "any other key: back to the checks"
LIST_KEYS = "Enter watches it, arrows move the mark, Escape goes back"
NO = "any other key: no"


class WatchScreen:
    """Hears the news of an exercise that is watched. To be drawn on by one thread."""

    def __init__(self, screen: Screen, workspace: Path) -> None:
        self._screen = screen
        self._workspace = workspace
        self._size = (screen.columns, screen.rows)
        self._news: list[News] = []
        self._page: Page | None = None
        self._page_foot = BACK
        self._resting = Running(screen, self._foot)
        self._drawing = ExitStack()
        self._follow = self._new_follow()

    def hear(self, news: News) -> None:
        """Show it: at once, or, while a page lies over the run, when that is left."""
        if isinstance(news, (Began, Restarting)):
            self._news.clear()
        elif self._news == [Restarting()] and not isinstance(news, Refused):
            return  # the last that is heard of the run that is ended
        if isinstance(news, Outdated) and news in self._news:
            return  # said once
        self._news.append(news)
        if self._page is None:
            self._resting.clear()
            self._draw(news)

    def lay(self, page: Page, foot: str = BACK) -> None:
        """Lay a page over the run, or another one in place of it. `foot` says what the keys do there."""
        self._page, self._page_foot = page, foot
        self.redraw()

    def lay_trouble(self, wrong: str, remedy: str) -> None:
        """The page that says why something cannot be done."""
        self.lay(lambda _: trouble.draw(wrong, remedy))

    def lift(self) -> None:
        """Back to the run."""
        self._page = None
        self.redraw()

    @property
    def has_page(self) -> bool:
        """Whether a page lies over the run."""
        return self._page is not None

    def forget(self) -> None:
        """Another exercise, or another run, is to come: nothing is shown until it does."""
        self._news.clear()
        self.lift()

    def fit(self) -> None:
        """Draw all anew if the terminal has changed its size."""
        now = self._screen.as_it_is_now()
        if (now.columns, now.rows) != self._size:
            self.redraw()

    def redraw(self) -> None:
        """Draw all anew."""
        self.clear()
        now = self._screen.as_it_is_now()
        self._size = (now.columns, now.rows)
        if self._page is None:
            self._follow = self._new_follow()
            for news in self._news:
                if not isinstance(news, CheckStarted) or news is self._news[-1]:  # what has ended is not begun again
                    self._draw(news)
        else:
            now.show([BLANK, *self._page(now), BLANK])
        if self._page is not None or not self._news:
            self._resting.rest()

    def clear(self) -> None:
        """Leave nothing on the screen."""
        self.leave()
        self._screen.stream.write(CLEAR)
        self._screen.stream.flush()

    def leave(self) -> None:
        """Leave what stands, without the lines at the bottom."""
        self._drawing.close()
        self._resting.clear()

    def _draw(self, news: News) -> None:
        match news:
            case Began():
                self.clear()
                self._follow = self._new_follow()
                self._screen.as_it_is_now().show([BLANK])
                self._drawing.enter_context(self._follow.begin(news.exercise, news.servers))
            case Restarting():
                self.clear()
                self._screen.as_it_is_now().show([BLANK, Row(dim("The servers stop, and the checks begin anew."))])
                self._rest()
            case Ended():
                self._drawing.close()
                self._follow.close(news.attempt)
                self._rest()
            case Outdated():
                if any(isinstance(told, Ended) for told in self._news):
                    self._rest()
            case Refused(error):
                self._drawing.close()
                now = self._screen.as_it_is_now()
                now.show(trouble.draw(getattr(error, "wrong", str(error)), getattr(error, "remedy", "")))
                self._rest()
            case _:
                self._follow(news)

    def _rest(self) -> None:
        outdated = [OUTDATED] if Outdated() in self._news else []
        self._screen.as_it_is_now().show([*outdated, BLANK])
        self._resting.rest()

    def _new_follow(self) -> Follow:
        return Follow(self._screen, self._workspace, below=self._foot)

    def _foot(self, columns: int) -> str:
        line = self._page_foot[:columns] if self._page is not None else keys_line(columns)
        return f"\x1b[{Ink.DIM}m{line}\x1b[0m" if self._screen.colour else line


def keys_line(columns: int) -> str:
    """The keys in one line: as many as there is room for, and in any case where the others are told."""
    named = [f"{key} {name}" for key, name in KEYS]
    shown = [*named[:-2], named[-1]]
    if cells("  ".join(shown)) > columns:
        shown = named
        while cells("  ".join(shown)) > columns and len(shown) > 2:
            del shown[-3]
    return "  ".join(shown)


def keys(_: Screen) -> Iterator[Row]:
    """What each key does."""
    for key, does in WHAT_KEYS_DO:
        yield Row(does, label=key, label_columns=3)


def asked(question: str) -> Page:
    """A question that is answered by one key."""
    return lambda _: [Row(question)]


def told(sentences: Sequence[str]) -> Page:
    """Some sentences, a line each."""
    return lambda _: [Row(sentence) for sentence in sentences]

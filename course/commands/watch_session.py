"""`learn watch` while it goes: what each key does, and the news of the watched exercise as they come.

One thread, the main one, reads the keys and draws. What grades and watches puts its news into a queue, and wakes it.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from course.errors import LearnError
from course.learner import asking, beginning, editors, opening, past_run, situation
from course.learner.situation import Situation
from course.learner.watching import News, Refused, Watching
from course.model import Exercise
from course.view import exercise as exercise_view
from course.view import hint, pager, place, run, watch
from course.view.exercise_list import ExerciseList
from course.view.keyboard import ENTER, ESCAPE, HANG_UP, Keyboard
from course.view.rows import Drawn
from course.view.screens import Screen


class Session:
    """One `learn watch`, from its first exercise to `q`."""

    def __init__(self, here: Situation, exercise: Exercise, screen: Screen, keys: Keyboard) -> None:
        self._ws, self._places = here.workspace, here.places
        self._exercise = exercise
        self._screen = screen
        self._shown = watch.WatchScreen(screen, here.workspace.root)
        self._keys = keys
        self._news = queue.SimpleQueue[tuple[Watching | None, News]]()
        self._watching: Watching | None = None
        self._open = ExitStack()
        self._asks: Callable[[str], None] | None = None  # who takes the next key, where a page asks for one
        self._does: dict[str, Callable[[], None]] = {
            "h": self._hint,
            "l": self._lesson,
            "s": self._last_run,
            "o": self._editor,
            "n": self._next,
            "e": self._list,
            "t": self._reset,
            "r": self._again,
            "?": lambda: self._shown.lay(watch.keys),
        }

    def run(self) -> None:
        """Until `q`, or until the terminal is gone. Nothing that it has started goes on then."""
        try:
            with self._open:
                self._watch(self._exercise)
                while True:
                    for key in self._keys.wait():
                        if key == HANG_UP or (key == "q" and self._asks is None):
                            return
                        self._press(key)
                    self._hear()
        finally:
            self._shown.leave()

    def _hear(self) -> None:
        if self._keys.was_away:
            self._keys.was_away = False
            self._shown.redraw()
        self._shown.fit()
        while not self._news.empty():
            whose, news = self._news.get()
            if whose is not self._watching:
                continue  # of the exercise that was watched before
            if isinstance(news, Refused) and not isinstance(news.error, LearnError):
                raise news.error  # a bug of ours: to the door
            self._shown.hear(news)

    def _press(self, key: str) -> None:
        try:
            if self._asks is not None:
                asks, self._asks = self._asks, None
                asks(key)
            elif key in self._does:
                self._does[key]()
            elif self._shown.has_page:
                self._shown.lift()
            elif key == ENTER:
                self._again()
        except LearnError as error:
            self._shown.lay_trouble(error.wrong, error.remedy)

    def _here(self) -> Situation:
        return situation.of(self._ws, self._places)

    def _watch(self, exercise: Exercise) -> None:
        """Leave the exercise that is watched, if any, for this one."""
        self._shown.forget()
        self._open.close()
        self._exercise = exercise
        watching = Watching(self._here(), exercise, lambda news: self._put(watching, news))
        self._watching = watching
        self._open.enter_context(watching)

    def _put(self, whose: Watching, news: News) -> None:
        self._news.put((whose, news))
        self._keys.wake()

    # --- what the keys do ---

    def _again(self) -> None:
        if self._watching is not None:
            self._shown.lift()
            self._watching.again()

    def _hint(self) -> None:
        given = asking.hint(self._here(), self._exercise)
        self._shown.lay(lambda screen: hint.draw(given, colour=screen.colour))

    def _lesson(self) -> None:
        from course.view import markdown

        text = asking.lesson(self._exercise.path, self._places)
        self._paged(lambda screen: markdown.draw(text, screen))

    def _last_run(self) -> None:
        shown = past_run.read(self._here(), self._exercise)
        project = place.project_in(self._ws.root, self._exercise.path)
        self._paged(lambda screen: run.draw(shown, screen, project))

    def _paged(self, page: watch.Page) -> None:
        screen = self._screen.as_it_is_now()
        rows: list[Drawn] = list(page(screen))
        self._shown.clear()
        with self._keys.lent():
            is_read = pager.show(rows, screen)
        self._keys.was_away = False
        if is_read:
            self._shown.lift()
        else:
            self._shown.lay(page)

    def _editor(self) -> None:
        editor = editors.found()
        target = opening.work(self._here(), self._exercise)
        editors.must_have_terminal(editor)
        with self._keys.lent():
            editors.start(editor, editor.opening(target.files, target.line))

    def _next(self) -> None:
        here = self._here()
        following = situation.next_open(here.course, here.progress)
        if following is None:
            self._shown.lay(watch.told(["Every exercise that exists has passed."]))
        elif following == self._exercise:
            self._shown.lay(watch.told(["The next open exercise is this one: it has not passed yet."]))
        else:
            self._begin(following)

    def _begin(self, exercise: Exercise) -> None:
        """Watch another exercise; what is not in the folder yet is made, and its screen shown first."""
        if self._watching is not None:
            self._watching.pause()
        (begun,) = beginning.begin(exercise.path, places=self._places).begun
        self._watch(exercise)
        if begun.files:
            folder = situation.from_here(begun.folder)
            self._shown.lay(lambda _: exercise_view.draw(begun.stage, exercise, folder, is_new=True))

    def _list(self) -> None:
        here = self._here()
        listed = ExerciseList(here.course, here.progress, situation.boxes(here), self._exercise)
        self._listed("", listed)

    def _listed(self, key: str, listed: ExerciseList) -> None:
        if key == ESCAPE:
            self._shown.lift()
        elif key == ENTER and listed.picked is not None:
            if listed.picked == self._exercise:
                self._shown.lift()
            else:
                self._begin(listed.picked)
        else:
            listed.press(key)
            self._asks = partial(self._listed, listed=listed)
            self._shown.lay(listed.rows, foot=watch.LIST_KEYS)

    def _reset(self) -> None:
        folder = situation.from_here(situation.project_of(self._here(), self._exercise))
        self._asks = self._reset_if
        self._shown.lay(watch.asked(exercise_view.reset_question(self._exercise, folder).strip()), foot=watch.NO)

    def _reset_if(self, key: str) -> None:
        if key not in ("y", "Y"):
            self._shown.lift()
            return
        if self._watching is not None:
            self._watching.pause()
        backup, way_back = beginning.reset(self._here(), self._exercise)
        rows = list(exercise_view.reset(self._exercise, str(backup.relative_to(self._ws.root)), way_back=way_back))
        self._shown.lay(lambda _: rows)

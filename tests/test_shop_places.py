"""Where the findings of The Blocking Problem point: a limit is written in many styles, and each has such a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.stage_2.blocking_problem.places import Places
from course.model import SourceLine

RIGHT = Path(__file__).parent.parent / "solutions/stage_2/blocking_problem/right"
HOLDS_A_LOCK = """\
class Limit:
    lock = Lock()
    def __call__(self, request):
        with self.lock:
            return self.get_response(request)
"""
PRELOADS = "preload_app = True"
SEMAPHORE = "from multiprocessing import BoundedSemaphore\nslots = BoundedSemaphore(5)"


def doing(place: SourceLine | None) -> str:
    return "" if place is None else place.doing


@pytest.mark.parametrize(
    ("style", "takes", "gives_back"),
    [
        ("reference", "if not slots.acquire(blocking=False):", "slots.release()"),
        ("middleware", "self._running += 1", "self._running -= 1"),
        ("wsgi_door", "if not self._slots.acquire(blocking=False):", "self._slots.release()"),
        ("preloaded_semaphore", "if not slots.acquire(block=False):", "slots.release()"),
        # Closing the file unlocks it, so that no line says "give back": the limit's own has to do.
        (
            "shared_slots",
            "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
            "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        ),
    ],
)
def test_each_right_style_has_a_line_that_takes_a_slot_and_one_that_gives_it_back(
    style: str, takes: str, gives_back: str
) -> None:
    places = Places(RIGHT / style)
    assert (doing(places.takes), doing(places.gives_back)) == (takes, gives_back)


def test_a_lock_is_pointed_at_where_it_is_held(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "middleware.py").write_text(HOLDS_A_LOCK)
    assert doing(Places(tmp_path).excludes) == "with self.lock:"


def test_a_shop_without_a_limit_has_no_such_line(tmp_path: Path) -> None:
    places = Places(tmp_path)
    assert (places.limit, places.takes, places.gives_back, places.refuses) == (None, None, None, None)
    assert not places.is_shared


@pytest.mark.parametrize(
    ("style", "is_shared"),
    [("shared_slots", True), ("six_processes", True), ("preloaded_semaphore", True), ("reference", False)],
)
def test_files_are_shared_and_what_is_made_before_the_fork(style: str, is_shared: bool) -> None:
    assert Places(RIGHT / style).is_shared is is_shared


@pytest.mark.parametrize(
    ("files", "is_shared"),
    [
        # preload_app alone: Django imports the views with each worker's first request.
        ({"gunicorn.conf.py": PRELOADS, "shop/views.py": SEMAPHORE}, False),
        ({"shop/wsgi.py": SEMAPHORE}, False),
        ({"gunicorn.conf.py": PRELOADS, "shop/wsgi.py": SEMAPHORE}, True),
        ({"gunicorn.conf.py": PRELOADS, "shop/limit.py": SEMAPHORE, "shop/wsgi.py": "from shop import limit"}, True),
        # Django imports the middleware with the application.
        ({"gunicorn.conf.py": PRELOADS, "shop/limit.py": SEMAPHORE, "shop/settings.py": "['shop.limit.At']"}, True),
        ({"gunicorn.conf.py": f"{PRELOADS}\nworkers = multiprocessing.cpu_count()", "shop/views.py": "x = 1"}, False),
        # A semaphore counts for one process, whatever files there are beside it.
        ({"shop/views.py": f"{SEMAPHORE}\npage = open('page.html')"}, False),
        ({"shop/views.py": "running = open('running', 'r+')"}, True),
        ({"shop/slow_database.py": "with open('given'): ..."}, False),
    ],
)
def test_what_multiprocessing_makes_after_the_fork_is_one_for_each_process(
    tmp_path: Path, files: dict[str, str], is_shared: bool
) -> None:
    (tmp_path / "shop").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert Places(tmp_path).is_shared is is_shared


def test_a_lock_of_the_process_is_a_limits_line(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text("import fcntl\nfcntl.fcntl(file, fcntl.F_SETLK, request)\n")
    assert doing(Places(tmp_path).limit) == "fcntl.fcntl(file, fcntl.F_SETLK, request)"

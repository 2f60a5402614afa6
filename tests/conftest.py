"""What many tests start from: the toy course, and a learner's folder on a path as learners have them."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course.content import catalogue
from course.content.places import Places
from course.learner import workspace
from course.learner.workspace import Workspace
from course.model import Course, Exercise
from tests.running import adopt_no_more
from tests.terminal import learn

TOY = Path(__file__).parent / "toy_course"
# A file's tests run one after another, side by side with other files: a long one that begins last ends alone.
BEGIN_FIRST = (
    *("test_hostile.py", "test_ordinary_user.py", "test_probe.py", "test_proving.py", "test_lessons_by_hand.py"),
    *("test_view_terminal.py", "test_cli.py", "test_stacks.py", "test_packaging.py", "test_stands.py"),
    *("test_hearing.py", "test_watch.py", "test_editor_settings.py"),
)

# A script's shell starts background jobs with SIGINT ignored, and `nohup` whatever it starts with SIGHUP ignored: what
# the tests start and send them to would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files; within each its tests stay as they are."""
    items.sort(key=lambda item: BEGIN_FIRST.index(item.path.name) if item.path.name in BEGIN_FIRST else len(items))


@pytest.fixture(autouse=True)
def adopting_no_longer_than_a_test() -> Iterator[None]:
    """Grading in this process makes it adopt orphans for good: those of one test are not another one's to find."""
    yield
    adopt_no_more()


@pytest.fixture(scope="session")
def toy_places() -> Places:
    """The toy course: stage_1/greeting (without a server), stage_2/hello (gunicorn), stage_2/farewell (to come)."""
    return Places(TOY)


@pytest.fixture(scope="session")
def toy_course(toy_places: Places) -> Course:
    """The toy course, read."""
    return catalogue.read(toy_places)


@pytest.fixture(scope="session")
def greeting(toy_course: Course) -> Exercise:
    """The toy course's exercise that needs no server."""
    return catalogue.find(toy_course, "greeting")


@pytest.fixture
def own_places(tmp_path: Path) -> Places:
    """The rooms of a toy course that the test may change."""
    shutil.copytree(TOY, tmp_path / "rooms")
    return Places(tmp_path / "rooms")


@pytest.fixture
def new_workspace(tmp_path: Path, toy_course: Course) -> Callable[[str], Workspace]:
    """Makes workspaces of the toy course, by name, below a folder with blanks and letters beyond ASCII in its path."""
    return lambda name: workspace.create(tmp_path / "Übungen in Ruhe 练习" / name, toy_course)


@pytest.fixture
def ws(new_workspace: Callable[[str], Workspace]) -> Workspace:
    """A new workspace of the toy course."""
    return new_workspace("meine Wege")


@pytest.fixture
def begun(ws: Workspace, toy_places: Places, greeting: Exercise) -> Workspace:
    """A workspace in which the greeting was begun."""
    workspace.add(ws, toy_places, greeting)
    return ws


@pytest.fixture(scope="session")
def begun_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `learn next` makes, once."""
    place = tmp_path_factory.mktemp("begun")
    assert learn(place, "next").status == 0
    return place / "wsgi-asgi"


@pytest.fixture
def folder(tmp_path: Path, begun_once: Path) -> Path:
    """A workspace in which `learn next` has begun the greeting."""
    return Path(shutil.copytree(begun_once, tmp_path / "Übungen in Ruhe" / "wsgi-asgi"))

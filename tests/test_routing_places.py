"""checker/stage_4/routing/places.py: the route at fault, in projects of several styles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.run import Run
from checker.stage_4.routing import places
from tests.running import running

RIGHT = Path(__file__).parents[1] / "solutions/stage_4/routing/right"


@pytest.fixture(params=["reference", "flat_list", "by_hand"])
def style(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def run(style: str, tmp_path: Path) -> Iterator[Run]:
    folder = RIGHT / style
    files = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.py")}
    with running(tmp_path, files) as run:
        yield run


@pytest.mark.parametrize("style", ["reference"], indirect=True)
def test_a_route_is_where_it_is_written(run: Run) -> None:
    found = places.route(run, "<int:id>/")
    assert found is not None
    assert (found.file, found.doing) == (
        "rooms/routing.py",
        'router = URLRouter([path("<int:id>/", RoomConsumer.as_asgi())])',
    )


@pytest.mark.parametrize("style", ["flat_list"], indirect=True)
def test_a_route_that_is_put_together_is_where_its_last_part_is(run: Run) -> None:
    found = places.route(run, "ws/<slug:tenant>/feed/")
    assert found is not None
    assert found.file == "feed/routing.py"


def test_the_last_route_is_of_sockets(run: Run, style: str) -> None:
    found = places.last_route(run)
    assert found is not None
    words = {"reference": "refuse)]", "flat_list": "sockets = ", "by_hand": 'case "websocket"'}
    assert words[style] in found.doing


def test_a_refusal_is_where_it_is_said(run: Run, style: str) -> None:
    found = places.refusal(run)
    assert found is not None
    words = {"reference": "websocket.close", "flat_list": "DenyConnection", "by_hand": "websocket.close"}
    assert words[style] in found.doing

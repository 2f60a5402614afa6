"""course/view/stand.py: what `learn run` shows of the stack that stands."""

from __future__ import annotations

import io

import pytest

from course.content import catalogue
from course.shared.standing import FIRST_PORT, Up
from course.view.screens import Screen
from course.view.stand import Follow


@pytest.mark.parametrize("ports", [(FIRST_PORT, FIRST_PORT + 1), (20123, FIRST_PORT + 1), (20123, 20124)])
def test_a_site_that_stands_elsewhere_than_lessons_say_is_told_so(ports: tuple[int, int]) -> None:
    stream = io.StringIO()
    follow = Follow(Screen(stream), catalogue.find(catalogue.read(), "groups"))
    follow(Up((("one", f"http://127.0.0.1:{ports[0]}"), ("two", f"http://127.0.0.1:{ports[1]}"))))
    rows = [line for line in stream.getvalue().splitlines() if "http://" in line]
    for row, port, usual in zip(rows, ports, (FIRST_PORT, FIRST_PORT + 1), strict=True):
        assert f"http://127.0.0.1:{port}" in row
        assert (f"where lessons say {usual}, which was taken" in row) == (port != usual)

"""checker/stage_3/async_views/event_stream.py: a stream of events, read as the HTML standard has it."""

from __future__ import annotations

import pytest

from checker.stage_3.async_views.event_stream import Told, events_in, unfinished_in

END = pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CR LF", "CR"])


@END
def test_each_of_the_three_line_ends_ends_a_line(end: bytes) -> None:
    body = b"id: 1\ndata: a\ndata: b\n\nevent: done\ndata:\n\n".replace(b"\n", end)
    assert events_in(body) == [Told("1", "message", "a\nb"), Told("1", "done", "")]
    assert unfinished_in(body) == []


@END
def test_an_event_without_its_blank_line_is_none_yet(end: bytes) -> None:
    body = b": hello\n\n: hello\ndata: a\n".replace(b"\n", end)
    assert events_in(body) == []
    assert unfinished_in(body) == ["data: a"]


def test_one_crlf_is_no_blank_line() -> None:
    assert events_in(b"id: 1\r\ndata: a\r\n") == []


def test_other_line_ends_of_python_are_none() -> None:
    assert events_in("data: a\u2028b\x0bc\n\n".encode()) == [Told("", "message", "a\u2028b\x0bc")]


def test_a_block_without_data_is_dropped_but_its_id_stays() -> None:
    assert events_in(b"\xef\xbb\xbfid: 7\nevent: done\n\ndata\n\n") == [Told("7", "message", "")]


def test_the_beginning_of_a_line_is_not_there_yet() -> None:
    assert unfinished_in(b"data: a\n\ndata: b") == []

"""How a conversation looks: at 80 columns, at 40, in few rows, with and without colour."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from course.model import CheckResult, Finding, Outcome
from course.pictures import Conversation, Message, MessageKind
from course.view import result
from course.view.messages import draw
from course.view.screens import Screen
from tests.transcripts import hold
from tests.transcripts import shown as on_screen

SAID, HEARD, CLOSED, MISSING = MessageKind.SAID, MessageKind.HEARD, MessageKind.CLOSED, MessageKind.MISSING

LOST = Conversation(
    ("one", "two"),
    (
        Message(0, "ada", "one", SAID, "op: join, room: lobby"),
        Message(4.2, "ada", "one", HEARD, "joined: lobby"),
        Message(9, "cy", "two", SAID, "op: join, room: lobby"),
        Message(12, "cy", "two", HEARD, "joined: lobby"),
        Message(20, "ada", "one", SAID, "say · lobby · hello 🦊, and a good morning to all"),
        Message(24, "bo", "two", SAID, "say · lobby · later"),
        Message(31, "cy", "two", HEARD, "lobby · bo · later"),
        Message(35, "POST", "", SAID, "/kick/dot/"),
        Message(48, "dot", "one", CLOSED, "closed 4403"),
        Message(1031, "cy", "two", MISSING, "hello 🦊, and a good morning to all"),
    ),
    left_out=3,
)
FINDING = Finding("not-delivered", "cy in process two hears 'hello'", "cy in process two never heard 'hello'")


def drawn(talk: Conversation, width: int, most_rows: int | None = None, *, colour: bool = False) -> str:
    """What a terminal of this width gets."""
    stream = io.StringIO()
    drawing = draw(talk, width)
    Console(file=stream, width=width, force_terminal=colour, color_system="standard" if colour else None).print(
        drawing.whole() if most_rows is None else drawing.within(most_rows)
    )
    return stream.getvalue()


@pytest.mark.parametrize("columns", [80, 40])
def test_a_lost_message_has_its_screen(columns: int) -> None:
    results = (
        CheckResult("test_x", "A message reaches the other process", Outcome.FAILED, 1.1, FINDING, conversation=LOST),
        CheckResult("test_y", "A kick reaches it too", Outcome.PASSED, 0.1, conversation=LOST),  # drawn when asked for
    )
    screen = Screen(None, columns)  # type: ignore[arg-type]  # nothing is written to it here
    hold(f"messages_{columns}", on_screen((row for each in results for row in result.draw(each, screen)), columns))


@pytest.mark.parametrize("width", [72, 34])
def test_in_few_rows_what_never_came_stays_and_who_said_it(width: int) -> None:
    text = drawn(LOST, width, 8)
    assert len(text.splitlines()) <= 8
    assert "✗ never" in text
    assert text.index("say · lobby · hel") < text.index("✗ never")
    assert "more messages: learn show" in text


@pytest.mark.parametrize("width", [20, 72])
def test_what_a_picture_leaves_out_is_in_a_file_that_is_named_whole(width: int) -> None:
    record = "../../.learn/runs/stage_4/groups/0003/history.jsonl"
    talk = draw(LOST, width, record)
    assert f"3 more messages: {record}" in talk.whole().plain.splitlines()
    assert talk.columns >= len(f"3 more messages: {record}")
    assert (
        "5 more messages: learn show" in draw(LOST, 72, record).within(10).plain
    )  # all that is not there, in one number


@pytest.mark.parametrize("width", [20, 34, 47, 60, 72, 200])
@pytest.mark.parametrize("servers", [0, 1, 2, 3, 9])
def test_no_line_is_wider_than_the_screen(servers: int, width: int) -> None:
    parties = tuple(f"server {number}" for number in range(servers))
    messages = tuple(Message(at, f"a client of {via}", via, SAID, "hello " * 20) for at, via in enumerate(parties))
    messages += (Message(9, "POST", "", SAID, "/notify/ada/"),)
    assert max(cell_len(line) for line in drawn(Conversation(parties, messages), width).splitlines()) <= width


def test_with_too_many_servers_each_arrow_names_its_own() -> None:
    parties = tuple("abcdefghijkl")
    talk = Conversation(parties, (Message(0, "ada", "c", SAID, "hello"), Message(1, "bo", "k", HEARD, "hi")))
    assert [line.split() for line in drawn(talk, 40).splitlines()] == [
        ["ada", "▸", "c", "hello"],
        ["bo", "◂", "k", "hi"],
    ]


def test_without_a_recorded_way_no_arrow_is_drawn() -> None:
    line = next(line for line in drawn(LOST, 72).splitlines() if "POST" in line)
    assert not set(line) & {"▸", "◂", "─"}


def test_only_what_never_came_is_red_and_without_colour_it_is_marked_too() -> None:
    assert drawn(LOST, 72, colour=True).count("\x1b[31m✗") == 1
    assert drawn(LOST, 72).count("✗ never") == 1


def test_what_servers_send_moves_no_cursor() -> None:
    talk = Conversation(("one",), (Message(0, "ada", "one", HEARD, "\x1b[2J\r\nboo"),))
    assert drawn(talk, 72).splitlines()[-1].endswith("[2J  boo")

"""checker/stage_4/channel_layers/monitor.py: which waits of a process in Valkey came back empty."""

from __future__ import annotations

from checker.stage_4.channel_layers.monitor import Mailbox


def test_a_wait_that_was_asked_anew_came_back_empty() -> None:
    assert Mailbox("box", 5.0, asked=[0.0, 5.0, 10.0]).empty_rounds == 2


def test_a_wait_that_brought_a_message_is_none() -> None:
    assert Mailbox("box", 5.0, asked=[0.0, 5.0, 10.0], filled=[4.9]).empty_rounds == 1


def test_a_wait_that_was_given_up_is_none() -> None:
    assert Mailbox("box", 5.0, asked=[0.0, 1.0, 6.0]).empty_rounds == 1


def test_a_wait_that_lasts_is_none_yet() -> None:
    assert Mailbox("box", 5.0, asked=[0.0]).empty_rounds == 0

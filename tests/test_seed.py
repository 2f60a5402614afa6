"""What a run draws anew can be drawn again by its seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.events import EventKind
from checker.harness.history import History
from checker.harness.seed import SEED, Seed
from course.errors import MachineLacks


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl", tmp_path / "probe") as history:
        yield history


def test_the_seed_is_told_in_the_history_and_draws_the_same_again(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Seed(history).random("titles").random()
    [told] = history.events(EventKind.SEED_DRAWN)
    monkeypatch.setenv(SEED, str(told["seed"]))
    assert Seed(history).random("titles").random() == drawn


def test_each_purpose_has_a_stream_of_its_own(history: History) -> None:
    seed = Seed(history)
    assert seed.random("titles").random() != seed.random("names").random()
    assert seed.random("titles").random() == seed.random("titles").random()


def test_two_runs_draw_differently(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SEED, raising=False)
    assert Seed(history).number != Seed(history).number


@pytest.mark.parametrize("given", ["seven", "-1", "1.5"])
def test_a_seed_that_is_no_number_is_told(history: History, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv(SEED, given)
    with pytest.raises(MachineLacks, match=f"LEARN_SEED is '{given}'"):
        Seed(history)

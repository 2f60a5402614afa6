"""`learn show`: which run it means, and what it tells of one that was stopped."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from tests.terminal import command, environment, learn


def test_show_takes_a_name_and_never_for_a_number(folder: Path) -> None:
    learn(folder, "check")
    learn(folder, "next", "hello")
    first = learn(folder, "show", "greeting")
    assert "A Greeting" in first.out
    assert learn(folder, "show", "greeting", "1").out == learn(folder, "show", "stage_1/greeting").out == first.out
    assert "no run of hello has come to a verdict yet" in learn(folder, "show", "hello").error
    assert "no run of hello has come to a verdict yet" in learn(folder, "show", "1").error
    assert "there is no exercise 'greetin'" in learn(folder, "show", "greetin").error
    assert "two numbers of runs" in learn(folder, "show", "1", "2").error


def test_show_reads_a_runs_folder_wherever_one_stands(folder: Path, tmp_path: Path) -> None:
    learn(folder, "check")
    kept = shutil.copytree(folder / ".learn" / "runs" / "stage_1" / "greeting" / "0001", tmp_path / "kept" / "run")
    shown = learn(tmp_path, "show", str(kept))
    assert shown.status == 0
    assert "A Greeting" in shown.out
    (kept / "verdict.json").write_text("{}")
    assert "is no verdict that this `learn` can read" in learn(tmp_path, "show", str(kept)).error


def test_show_tells_the_seed_of_a_run_that_drew(folder: Path) -> None:
    learn(folder, "check")
    assert "LEARN_SEED" not in learn(folder, "show").out
    (history,) = (folder / ".learn" / "runs").rglob("history.jsonl")
    history.write_text(json.dumps({"kind": "seed.drawn", "seed": 4711}) + "\n")
    assert "LEARN_SEED=4711 draws" in learn(folder, "show").out


def test_a_run_that_was_stopped_is_shown_as_such(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    for out in (writing, subprocess.DEVNULL):
        # With nobody to read it, as in `learn check | head -1`; then whole.
        done = subprocess.run(command("check"), cwd=folder, env=environment(), stdout=out, check=False)
        assert done.returncode == 1
    os.close(writing)
    shown = learn(folder, "show", "1")
    assert shown.status == 0
    assert "Interrupted: 0 of " in shown.out
    assert "It has these: 0001 (interrupted), 0002." in learn(folder, "show", "9").error

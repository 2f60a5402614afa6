"""One truth of where you are: folders, links, resets, and what had passed, as the commands tell it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import command, do_the_work, environment, learn
from tests.tree import ROOT


def test_in_an_exercises_folder_every_command_means_that_exercise(folder: Path) -> None:
    learn(folder, "next", "hello")
    inside = folder / "stage_1" / "greeting" / "notes"
    commands: list[list[str]] = [
        *([], ["lesson"], ["check"], ["check", "--json"], ["hint"], ["show"], ["solution"], ["solution"]),
        *(["progress", "--json"], ["reset", "--yes"]),
    ]
    for words in commands:
        # Each as if the other one were being worked on: a check makes its own the current one.
        state = json.loads((folder / ".learn" / "progress.json").read_text())
        (folder / ".learn" / "progress.json").write_text(json.dumps({**state, "current": "stage_2/hello"}))
        shown = learn(inside, *words)
        out = json.dumps(json.loads(shown.out)["current"]) if words[:1] == ["progress"] else shown.out
        named = any(word in out for word in ("A Greeting", "stage_1/greeting", "The greeting is written"))
        assert named, (words, shown)
        assert "Hello over HTTP" not in out, (words, shown)
    assert "▸ A Greeting" in learn(inside.parent, "progress").out


def test_a_stage_that_is_a_link_is_in_the_workspace_too(folder: Path) -> None:
    (folder / "stage_1").rename(folder.parent / "elsewhere")
    (folder / "stage_1").symlink_to(folder.parent / "elsewhere")
    learn(folder, "next", "hello")
    script = 'cd stage_1/greeting; "$@" check; "$@" next hello; "$@" reset --yes; ls'
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *command()],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.stderr == ""
    assert "✗ The greeting is written" in done.stdout
    assert "  cd ../../stage_2/hello\n" in done.stdout
    assert "A Greeting is as it was issued" in done.stdout
    assert "README.md" in done.stdout


def test_another_folder_called_course_on_the_path_is_not_ours(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine" / "course").mkdir(parents=True)
    (tmp_path / "mine" / "course" / "__init__.py").write_text('raise SystemExit("the wrong one")\n')
    path = os.pathsep.join([str(tmp_path / "mine"), str(ROOT)])
    # As pip writes the script `learn`.
    script = "import sys; from learn_asgi import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script, "check"],
        cwd=folder,
        env=environment(PYTHONPATH=path),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "✗ The greeting is written" in done.stdout


@pytest.mark.parametrize("below", ["", "notes"])
def test_after_a_reset_from_inside_one_is_where_one_was_or_told_the_way(folder: Path, below: str) -> None:
    do_the_work(folder)
    inside = folder / "stage_1" / "greeting" / below
    script = 'cd "$1"; shift; "$@" reset --yes; ls; "$@" check; "$@"'
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", str(inside), *command()],
        cwd=folder,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ".learn/backups/stage_1/greeting" in done.stdout
    if below:
        assert f"  cd {shlex.quote(str(inside.parent))}\n" in done.stdout
    else:
        assert "cd " not in done.stdout
        assert "README.md" in done.stdout
        assert "✗ The greeting is written" in done.stdout


def test_a_tick_that_an_experiment_loses_is_told_once_and_keeps_its_date(folder: Path) -> None:
    do_the_work(folder)
    learn(folder, "check")
    (folder / "stage_1" / "greeting" / "greeting.txt").write_text("Hello, world!\n")
    first, second = learn(folder, "check").out, learn(folder, "check").out
    date = re.search(r"It passed on (\d+ \w+ \d{4}); these files do not\.", first)
    assert date is not None
    assert "It passed on" not in second
    for words in ([], ["progress"]):
        assert f"passed {date[1]}, changed since" in learn(folder, *words).out
    (box,) = json.loads(learn(folder, "progress", "--json").out)["stages"][0]["exercises"]
    assert box["state"] == "stale"
    assert box["passed_at"]
    assert "- [x] A Greeting" in (folder / "ROADMAP.md").read_text()

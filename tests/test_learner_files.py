"""The learner's files as checks read and copy them: each oddity is a finding or is left out, and nothing waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checker.harness.findings import NotYet
from checker.harness.learner_files import (
    copy_project,
    expect_bytes,
    expect_python,
    expect_text,
    expect_toml,
    text_of,
    tree_of,
)
from course.model import Finding
from tests.odd_files import IN_PLACE_OF_A_FILE, lay_beside, write_latin

BOM = b"\xef\xbb\xbf"


def found(project: Path, file: str = "notes.toml") -> Finding:
    with pytest.raises(NotYet) as told:
        expect_toml(project, file)
    return told.value.finding


@pytest.mark.parametrize("oddity", IN_PLACE_OF_A_FILE)
def test_what_is_no_file_is_a_finding_with_its_place(tmp_path: Path, oddity: str) -> None:
    IN_PLACE_OF_A_FILE[oddity](tmp_path / "notes.toml")
    finding = found(tmp_path)
    assert finding.code == ("file-missing" if oddity in ("missing", "dangling") else "file-unreadable")
    assert finding.where is not None
    assert (finding.where.file, finding.where.line) == ("notes.toml", 1)
    assert "notes.toml" in finding.saw


@pytest.mark.parametrize("oddity", IN_PLACE_OF_A_FILE)
def test_a_line_is_looked_for_in_what_is_no_file_without_finding_one(tmp_path: Path, oddity: str) -> None:
    IN_PLACE_OF_A_FILE[oddity](tmp_path / "app.py")
    assert text_of(tmp_path / "app.py") == ""
    assert tree_of(tmp_path / "app.py").body == []


def test_a_file_in_another_encoding_is_told_with_the_line_of_its_first_odd_byte(tmp_path: Path) -> None:
    write_latin(tmp_path / "notes.toml")
    finding = found(tmp_path)
    assert finding.code == "file-not-text"
    assert finding.where is not None
    assert finding.where.line == 3
    assert "byte 16" in finding.saw
    assert "0xfc" in finding.saw


def test_a_signature_is_taken_and_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.toml").write_bytes(BOM + b"a = 1\n")
    assert expect_toml(tmp_path, "notes.toml") == ({"a": 1}, "a = 1\n")
    assert text_of(tmp_path / "notes.toml") == "a = 1\n"
    (tmp_path / "app.py").write_bytes(BOM + b"x = 1\n")
    assert len(tree_of(tmp_path / "app.py").body) == 1
    (tmp_path / "notes.toml").write_bytes(BOM + b"a = 1\n# \xfc\n")
    with pytest.raises(NotYet) as told:
        expect_text(tmp_path, "notes.toml")
    assert told.value.finding.where is not None
    assert told.value.finding.where.line == 2


@pytest.mark.parametrize("comment", ["# für", "x = 1  # für", "# one\n# two\n# für\n# coding: latin-1"])
def test_python_in_another_encoding_is_told_though_python_bears_it_in_a_comment(tmp_path: Path, comment: str) -> None:
    (tmp_path / "app.py").write_bytes(comment.encode("latin-1"))
    with pytest.raises(NotYet) as told:
        expect_python(tmp_path, "app.py")
    assert told.value.finding.code == "file-not-text"


@pytest.mark.parametrize("head", ["# coding: latin-1\n", "#!/usr/bin/python3\n# -*- coding: latin-1 -*-\n"])
def test_python_that_declares_its_encoding_is_left_to_python(tmp_path: Path, head: str) -> None:
    (tmp_path / "app.py").write_bytes(f"{head}# für\n".encode("latin-1"))
    expect_python(tmp_path, "app.py")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = two\n", 2),
        ("a = [1,\n", 1),
        ("a = " + "9" * 5000, 1),
        ("a = " + "[" * 5000, 1),
        ("\na = 1\na = 2\n", 3),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "notes.toml").write_text(text)
    finding = found(tmp_path)
    assert finding.code == "file-not-toml"
    assert finding.where is not None
    assert finding.where.line == line


@pytest.mark.parametrize("text", ["x = (\n", "x = '\0'\n", "(" * 5000, "# coding: nosuch\n"])
def test_python_that_python_cannot_read_has_no_tree(tmp_path: Path, text: str) -> None:
    (tmp_path / "app.py").write_text(text)
    assert tree_of(tmp_path / "app.py").body == []


def test_a_copy_leaves_out_what_is_no_file(tmp_path: Path) -> None:
    project, copy = tmp_path / "project", tmp_path / "copy"
    (project / "shop" / "cache").mkdir(parents=True)
    (project / "shop" / "app.py").write_text("mine")
    (project / "shop" / "app.py").chmod(0o555)
    (project / "shop" / "cache" / "x").touch()
    (tmp_path / "beside.txt").write_text("beside")
    (project / "inside.py").symlink_to("shop/app.py")
    (project / "outside.txt").symlink_to("../beside.txt")
    (project / "all").symlink_to("shop", target_is_directory=True)
    lay_beside(project)
    copy_project(project, copy, ignored=lambda name: name == "cache")
    assert not (copy / "shop" / "cache").exists()
    assert (copy / "outside.txt").read_text() == "beside"
    (copy / "inside.py").write_text("edited")  # though the original is closed to writing
    assert (copy / "all" / "app.py").read_text() == "edited"
    assert (copy / "shop" / "app.py").stat().st_mode & 0o111
    assert (project / "shop" / "app.py").read_text() == "mine"
    assert not any(os.path.lexists(copy / name) for name in ("left.sock", "left.pipe"))
    assert expect_bytes(copy, "shop/app.py") == b"edited"

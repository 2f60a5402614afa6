"""Diffs are applied exactly: what fits changes the project to the byte, what does not is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.authors import patches, saving
from course.content import scaffold
from course.errors import CourseBug
from tests.grading import lay

TEN = "".join(f"line {number}\n" for number in range(1, 11))
MODIFY = """\
--- a/app.py
+++ b/app.py
@@ -4,3 +4,3 @@ def f():
 line 4
-line 5
+line five
 line 6
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return lay(tmp_path / "project", {"app.py": TEN, "site/empty.py": ""})


def apply(text: str, project: Path) -> None:
    patches.parse(text, "x.diff", 5).apply(project)


def refusal(text: str, project: Path) -> str:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with pytest.raises(CourseBug) as caught:
        apply(text, project)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    assert "\n" not in caught.value.wrong
    return caught.value.wrong


def test_a_hunk_changes_its_lines(project: Path) -> None:
    apply(MODIFY, project)
    assert (project / "app.py").read_text() == TEN.replace("line 5", "line five")


def test_gits_own_form_is_taken(project: Path) -> None:
    head = "diff --git a/app.py b/app.py\nindex 0123abc..4567def 100644\n"
    new = "diff --git a/a b.py b/a b.py\nnew file mode 100644\nindex 0000000..4567def\n--- /dev/null\n+++ b/a b.py\t\n"
    apply(head + MODIFY + new + "@@ -0,0 +1 @@\n+here\n", project)
    assert (project / "a b.py").read_text() == "here\n"
    assert "line five" in (project / "app.py").read_text()


def test_an_empty_line_of_context_may_stand_without_its_blank(project: Path) -> None:
    (project / "app.py").write_text("one\n\nthree\n")
    apply("--- a/app.py\n+++ b/app.py\n@@ -1,3 +1,3 @@\n-one\n+1\n\n three\n", project)
    assert (project / "app.py").read_text() == "1\n\nthree\n"


def test_a_removed_file_is_gone(project: Path) -> None:
    removed = "".join(f"-{line}\n" for line in TEN.splitlines())
    apply(f"--- a/app.py\n+++ /dev/null\n@@ -1,10 +0,0 @@\n{removed}", project)
    assert not (project / "app.py").exists()


# What a writer and a reader can get wrong: each pair is told as a diff, and the diff leads from one to the other.
CONTENTS = [
    pytest.param({"a": b"x\n"}, {"a": b"x\n", "new.py": b""}, id="an empty new file"),
    pytest.param({"a": b""}, {}, id="an empty file removed"),
    pytest.param({"a": b""}, {"a": b"filled\n"}, id="an empty file filled"),
    pytest.param({"a": b"x\n"}, {"a": b""}, id="a file emptied"),
    pytest.param({"a": b"x\n"}, {"b/c.py": b"y\n"}, id="one removed, one new in a new folder"),
    pytest.param({"a": b"x\ny"}, {"a": b"x\nz"}, id="no newline at the end of both"),
    pytest.param({"a": b"x\ny"}, {"a": b"x\ny\n"}, id="a newline got"),
    pytest.param({"a": b"x\ny\n"}, {"a": b"x\ny"}, id="a newline lost"),
    pytest.param({"a": b"x\ny"}, {"a": b"w\nx\ny"}, id="no newline in the context"),
    pytest.param({"a": b"x\r\ny\r\n"}, {"a": b"x\r\nz\r\n"}, id="CRLF kept"),
    pytest.param({"a": b"x\r\ny\r\n"}, {"a": b"x\ny\r\n"}, id="one CRLF to LF"),
    pytest.param({"a": b"1\x0c2\n3\x0b4\n"}, {"a": b"1\x0c2\n3\x0b5\n"}, id="form feed and vertical tab"),
    pytest.param({"a": "1\u20282\u0085\n".encode()}, {"a": "1\u20283\u0085\n".encode()}, id="Unicode's line ends"),
    pytest.param({"a": b"old\rmac\n"}, {"a": b"old\rpc\n"}, id="a lone CR"),
    pytest.param({"a": b"caf\xe9\n"}, {"a": b"th\xe9\n"}, id="no UTF-8"),
    pytest.param({"a": b"trail \n\t\n\n"}, {"a": b"trail  \n\t\n \n"}, id="trailing blanks"),
    pytest.param({"a b.py": b"x\n"}, {"a b.py": b"y\n", "c d.py": b""}, id="names with spaces"),
    pytest.param({"a": b"-- x\n++ y\n@@ -1 +1 @@\n"}, {"a": b"-- z\n++ y\n@@ -2 +2 @@\n"}, id="lines like a diff's"),
    pytest.param({"a": TEN.encode() * 9}, {"a": b"0\n" + TEN.encode() * 8 + b"9\n"}, id="several hunks"),
    pytest.param({"a": b"x\n"}, {"a": b"\\ No newline at end of file\nx\n"}, id="a line like the marker"),
]


@pytest.mark.parametrize(("before", "after"), CONTENTS)
def test_the_way_to_a_diff_and_back_is_exact(tmp_path: Path, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    sides = [tmp_path / "before", tmp_path / "after"]
    for folder, files in zip(sides, (before, after), strict=True):
        folder.mkdir()
        for name, content in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
    apply(saving.difference(*sides), sides[0])
    assert {path.as_posix(): (sides[0] / path).read_bytes() for path in scaffold.listed(sides[0])} == after


def test_no_line_of_a_diff_ends_in_a_blank_unless_the_file_has_one(tmp_path: Path) -> None:
    sides = [lay(tmp_path / name, {"a": f"1\n\n{name}\n\n3\n"}) for name in ("before", "after")]
    told = saving.difference(*sides)
    assert told == "--- a/a\n+++ b/a\n@@ -1,5 +1,5 @@\n 1\n\n-before\n+after\n\n 3\n"


def test_no_diff_ends_in_an_empty_line(tmp_path: Path) -> None:
    sides = [lay(tmp_path / name, {"a": f"1\n{name}\n2\n\n\n3\n"}) for name in ("before", "after")]
    assert saving.difference(*sides) == "--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n 1\n-before\n+after\n 2\n"


def test_a_mode_is_changed_and_kept(tmp_path: Path) -> None:
    before = lay(tmp_path / "before", {"run.sh": "x\n", "stays.sh": "x\n"})
    after = lay(tmp_path / "after", {"run.sh": "x\n", "stays.sh": "y\n", "new.sh": "", "full.sh": "z\n"})
    for file in (before / "stays.sh", *after.iterdir()):
        file.chmod(0o755)
    apply(saving.difference(before, after), before)
    assert {file.name: file.stat().st_mode & 0o777 for file in before.iterdir()} == dict.fromkeys(
        ("run.sh", "stays.sh", "new.sh", "full.sh"), 0o755
    )


REFUSED = [
    (MODIFY.replace("-4,3 +4,3", "-3,3 +3,3"), "x.diff:7: app.py: hunk 1 does not fit: line 3 is 'line 3\\n', not"),
    (MODIFY.replace("+4,3", "+5,3"), "x.diff:7: app.py: hunk 1 says +5, and comes to line 4"),
    (MODIFY.replace("-line 5", "-line 05"), "x.diff:7: app.py: hunk 1 does not fit: line 5 is 'line 5\\n'"),
    (MODIFY.replace("-4,3 +4,3", "-40,3 +40,3"), "app.py: hunk 1 does not fit: line 40 is '', not 'line 4\\n'"),
    (MODIFY.replace("-4,3", "-4,4"), "x.diff:11: Hunk is shorter than expected"),
    (MODIFY.replace("-4,3", "-4,1"), "x.diff:9: Hunk is longer than expected"),
    (MODIFY.replace(" line 6", "line 6"), "x.diff:11: Hunk diff line expected"),
    (MODIFY.replace("+line five", "+line 5"), "app.py: hunk 1 changes nothing"),
    (MODIFY.replace("@@ -4", "@ -4"), "x.diff:5: no hunk holds this line"),
    (MODIFY + "+more\n", "x.diff:12: no hunk holds this line"),
    (MODIFY + "\n", "x.diff:12: no hunk holds this line"),
    (MODIFY + "-- \n2.43.0\n", "x.diff:12: no hunk holds this line"),
    (MODIFY[:-1], "x.diff:11: no hunk holds this line, or it has no end"),
    (MODIFY + MODIFY[len("--- a/app.py\n+++ b/app.py\n") :], "app.py: hunk 2 does not fit: line 4 is past the end, or"),
    (MODIFY + MODIFY, "x.diff: app.py is changed in two places"),
    (MODIFY + "\\ No newline at end of file\n", "app.py: hunk 1 does not fit: line 6"),
    (MODIFY.replace("-line 5\n", "-line 5\n\\ Kein Zeilenende\n"), "app.py: hunk 1 has the line 'Kein Zeilenende'"),
    (
        MODIFY.replace("+line five\n", "+line five\n\\ No newline at end of file\n"),
        "app.py: a line without its end stands before the last one",
    ),
    (MODIFY.replace("app.py", "../app.py"), "../app.py: the path must lead to a file inside the project"),
    (MODIFY.replace("app.py", "site/../app.py"), "the path must lead to a file inside the project"),
    (MODIFY.replace("a/app.py", "a//app.py").replace("b/app.py", "b//app.py"), "the path must lead to a file inside"),
    (MODIFY.replace("a/app.py", "app.py").replace("b/app.py", "app.py"), "the names must begin with a/ and b/"),
    (MODIFY.replace("a/app.py", '"a/app.py"').replace("b/app.py", '"b/app.py"'), "the names must begin with a/ and b/"),
    (MODIFY.replace("b/app.py", "b/main.py"), "a file that moves is a removed one and a new one"),
    (MODIFY.replace("app.py", "nosuch.py"), "x.diff:6: nosuch.py: is not there"),
    ("--- /dev/null\n+++ b/app.py\n@@ -0,0 +1 @@\n+x\n", "app.py: is a new file, and is there already"),
    ("--- a/app.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-line 1\n", "app.py: is removed, and lines of it are left over"),
    ("--- a/app.py\n+++ b/app.py\n", "x.diff:5: no hunk holds this line"),
    ("diff --git a/app.py b/app.py\n", "x.diff:5: app.py: no hunk follows"),
    ("diff --git a/app.py b/app.py\nold mode 100755\nnew mode 100644\n", "app.py: has not the mode 100755"),
    ("diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+x\n", "only text is changed"),
    ("diff --git a/x b/x\nBinary files a/x and b/x differ\n", "x: 'Binary files a/x and b/x differ' is no line"),
    ("diff --git a/app.py b/b.py\nrename from app.py\nrename to b.py\n", "'rename from app.py' is no line of a diff"),
    ("Something else\n" + MODIFY, "x.diff:7: app.py: 'Something else' is no line of a diff"),
    ("Something else\n", "x.diff:5: no hunk holds this line"),
    ("", "x.diff: the diff is missing"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED)
def test_what_does_not_fit_is_refused_with_its_place_and_changes_nothing(project: Path, text: str, told: str) -> None:
    assert told in refusal(text, project)


def test_one_file_that_does_not_fit_leaves_the_others_alone(project: Path) -> None:
    new = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n"
    assert "hunk 1 does not fit" in refusal(new + MODIFY.replace("line 4", "line four"), project)

"""Making a project from a scaffold, and laying solutions over it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from course.content import scaffold
from course.content.places import Places
from course.errors import CourseBug
from course.model import Exercise
from tests.grading import lay


def texts(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its relative path."""
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_exercise_is_issued_with_its_lesson_first(toy_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    names = scaffold.issue(toy_places, greeting, tmp_path / "new" / "project")
    assert [name.as_posix() for name in names] == ["README.md", "draft.txt", "greeting.txt", "notes/rules.txt"]
    made = texts(tmp_path / "new" / "project")
    assert set(made) == {name.as_posix() for name in names}
    assert made["greeting.txt"] == "Write the text of A Greeting here\n"
    assert made["README.md"] == toy_places.lesson(greeting.path).read_text()
    assert scaffold.listed(tmp_path / "new" / "project") == names


def test_templates_are_filled_and_everything_else_is_copied_as_it_is(tmp_path: Path) -> None:
    source = lay(
        tmp_path / "source", {"a.py.jinja": "{{ title }}\n\n", "page.html": "{{ title }}\n", "x/.env": "A=1\n"}
    )
    names = scaffold.render(source, tmp_path / "made", {"title": "Café"})
    assert [name.as_posix() for name in names] == ["a.py", "page.html", "x/.env"]
    assert texts(tmp_path / "made") == {"a.py": "Café\n\n", "page.html": "{{ title }}\n", "x/.env": "A=1\n"}


def test_what_tools_left_in_a_scaffold_is_not_issued(tmp_path: Path) -> None:
    source = lay(tmp_path / "source", {"a.py": "", "__pycache__/a.pyc": "", "b/.ruff_cache/x": "", "c.pyc": ""})
    assert scaffold.render(source, tmp_path / "made", {}) == (Path("a.py"),)


def test_a_copy_can_be_edited_and_started_as_its_source_could(tmp_path: Path) -> None:
    source = lay(tmp_path / "source", {"manage.py": "#!", "app.py": ""})
    (source / "manage.py").chmod(0o555)
    (source / "app.py").chmod(0o444)
    scaffold.render(source, tmp_path / "made", {})
    modes = {name: (tmp_path / "made" / name).stat().st_mode for name in ("manage.py", "app.py")}
    assert all(mode & stat.S_IWUSR for mode in modes.values())
    assert [bool(mode & stat.S_IXUSR) for mode in modes.values()] == [True, False]


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{{ titel }}", "a.py.jinja: 'titel' is undefined"),
        ("one\n{% if %}", "a.py.jinja:2: Expected"),
    ],
)
def test_a_template_that_cannot_be_filled_is_our_bug(tmp_path: Path, template: str, fault: str) -> None:
    source = lay(tmp_path / "source", {"a.py.jinja": template})
    with pytest.raises(CourseBug) as told:
        scaffold.render(source, tmp_path / "made", {"title": "x"})
    assert told.value.wrong.startswith(f"{source}/{fault}")


def test_two_sources_of_one_file_are_our_bug(tmp_path: Path) -> None:
    source = lay(tmp_path / "source", {"a.py": "", "a.py.jinja": ""})
    with pytest.raises(CourseBug, match=r"a.py.jinja: a.py makes a file of this name too"):
        scaffold.render(source, tmp_path / "made", {})


def test_a_missing_scaffold_is_our_bug(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    own_places.scaffold(greeting.path).rename(tmp_path / "elsewhere")
    with pytest.raises(CourseBug, match="greeting/scaffold: the folder is missing"):
        scaffold.issue(own_places, greeting, tmp_path / "project")


def test_a_missing_lesson_is_our_bug(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    own_places.lesson(greeting.path).unlink()
    with pytest.raises(CourseBug, match=r"greeting/lesson\.md: the file is missing"):
        scaffold.issue(own_places, greeting, tmp_path / "project")


def test_a_scaffold_with_a_readme_of_its_own_is_our_bug(own_places: Places, greeting: Exercise, tmp_path: Path) -> None:
    (own_places.scaffold(greeting.path) / "README.md").write_text("mine")
    with pytest.raises(CourseBug, match=r"scaffold/README\.md: the lesson takes this name"):
        scaffold.issue(own_places, greeting, tmp_path / "project")


def test_a_solution_is_laid_over_without_what_tells_about_it(tmp_path: Path) -> None:
    project = lay(
        tmp_path / "project", {"a.py": "old\n", "b.py": "kept\n", "gone.py": "", "old/x.py": "", "old/y.py": ""}
    )
    solution = lay(
        tmp_path / "solution",
        {
            "a.py": "new\n",
            "deep/c.py": "c\n",
            "deep/why.md": "theirs\n",
            "why.md": "",
            "expect.toml": "",
            "REMOVED": "gone.py\nold\n\nnever_was.py\n",
        },
    )
    scaffold.overlay(solution, project)
    assert texts(project) == {"a.py": "new\n", "b.py": "kept\n", "deep/c.py": "c\n", "deep/why.md": "theirs\n"}


@pytest.mark.parametrize("path", ["../outside.py", "/etc/hosts", "a/../../b", "."])
def test_a_solution_removes_nothing_outside_the_project(tmp_path: Path, path: str) -> None:
    solution = lay(tmp_path / "solution", {"REMOVED": f"{path}\n"})
    with pytest.raises(CourseBug, match="leads out of the project"):
        scaffold.overlay(solution, tmp_path)


def test_removing_a_link_spares_what_it_points_to(tmp_path: Path) -> None:
    outside = lay(tmp_path / "outside", {"precious.txt": "mine\n"})
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "link").symlink_to(outside)
    scaffold.overlay(lay(tmp_path / "solution", {"REMOVED": "link\n"}), tmp_path / "project")
    assert texts(outside) == {"precious.txt": "mine\n"}
    assert list((tmp_path / "project").iterdir()) == []

"""The course as a wheel, as an editable install and as a checkout: each finds its rooms and grades with them.

Nothing is downloaded. The wheel is built by the hatchling of this environment, and the new virtual environments see
the packages of this environment through a .pth file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tree import ROOMS, copy_to, files

ODD_NAME = "Kürs mit Lücke"
DEADLINE_S = 300.0
CLI, STARTS = Path("cli.py"), Path("learn_asgi.py")

# What the installed rooms must hold for every exercise that is there: printed as one JSON object.
SURVEY = """
import json
from course.content import catalogue
from course.content.places import IS_CHECKOUT, ROOMS, Places
places = Places()
written = [exercise.path for exercise in catalogue.read(places).exercises if exercise.written]
missing = [
    str(place)
    for path in written
    for place in (places.suite(path), places.scaffold(path), places.lesson(path), places.reference(path))
    if not place.exists()
]
print(json.dumps({"rooms": str(ROOMS), "is_checkout": IS_CHECKOUT, "written": written, "missing": missing}))
"""


@dataclass(frozen=True)
class Installation:
    """One way to have the course: how its `learn` is called, from which folder the rooms must come."""

    form: str
    python: Path
    learn: tuple[str, ...]
    rooms: Path
    workspace: Path
    environment: dict[str, str]

    def run(self, *command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with nothing of this shell's Python settings."""
        return subprocess.run(
            command,
            cwd=folder or self.workspace,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the repository, in a folder with spaces and letters beyond ASCII."""
    return copy_to(tmp_path_factory.mktemp("packaging") / ODD_NAME)


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of that copy."""
    return _build(checkout, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module", params=["wheel", "editable", "checkout"])
def installation(
    request: pytest.FixtureRequest, checkout: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The course in one of its three forms, and an empty workspace folder for it."""
    folder = tmp_path_factory.mktemp(request.param) / ODD_NAME
    workspace = folder / "Übungen von mir"
    workspace.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LEARN_"))}
    environment |= {"HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    if request.param == "checkout":
        environment["PYTHONPATH"] = str(checkout)
        python = Path(sys.executable)
        return Installation("checkout", python, (str(python), "-m", "course"), checkout, workspace, environment)
    python = _virtual_environment(folder / "venv")
    asked = [str(wheel)] if request.param == "wheel" else ["--no-build-isolation", "--editable", str(checkout)]
    _pip(python, *asked)
    installed = Path(_site_packages(python)) / "course" / "_rooms"
    rooms = installed if request.param == "wheel" else checkout
    return Installation(request.param, python, (str(python.with_name("learn")),), rooms, workspace, environment)


def test_the_wheel_holds_every_file_of_the_rooms(wheel: Path) -> None:
    wanted = {_place_in_wheel(path) for path in files() if path.parts[0] in ROOMS or path in (CLI, STARTS)}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_course_is_the_wheels_one_package(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"course", "learn_asgi.py"}


def test_a_scaffolds_file_reaches_the_wheel_whatever_its_name(tmp_path: Path) -> None:
    # Names that git, hatchling or a habit would leave out.
    names = (
        ".env",
        ".gitignore",
        ".dockerignore",
        ".github/ci.yml",
        "db.sqlite3",
        "build/a.log",
        "dist/b",
        "wsgi-asgi/c",
    )
    checkout = copy_to(tmp_path / "checkout")
    scaffold = Path("exercises", "stage_1", "packaging", "scaffold")
    for name in names:
        (checkout / scaffold / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / scaffold / name).write_text("kept\n", encoding="utf-8")
    held = zipfile.ZipFile(_build(checkout, tmp_path / "dist")).namelist()
    assert {name for name in names if f"course/_rooms/{(scaffold / name).as_posix()}" not in held} == set()


def test_the_rooms_are_found(installation: Installation) -> None:
    done = installation.run(str(installation.python), "-c", SURVEY)
    assert done.returncode == 0, done.stderr
    survey = json.loads(done.stdout)
    assert Path(survey["rooms"]).resolve() == installation.rooms.resolve()
    assert survey["is_checkout"] is (installation.form != "wheel")
    assert survey["written"]
    assert survey["missing"] == []


def test_progress_is_shown(installation: Installation) -> None:
    made = installation.run(*installation.learn, "init", "progress", folder=installation.workspace)
    assert made.returncode == 0, made.stderr
    shown = installation.run(*installation.learn, "progress", folder=installation.workspace / "progress")
    assert shown.returncode == 0, shown.stderr
    assert "The Blocking Problem" in shown.stdout


def test_the_tour_scaffolds_grades_and_ticks(installation: Installation) -> None:
    done = installation.run(*installation.learn, "tour")
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_written_into_the_installation(installation: Installation) -> None:
    before = _state(installation.rooms)
    installation.run(*installation.learn, "init", "untouched")
    installation.run(*installation.learn, "next", folder=installation.workspace / "untouched")
    assert _state(installation.rooms) == before


def _state(folder: Path) -> set[tuple[str, int]]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {(str(path), path.stat().st_mtime_ns) for path in found}


def _place_in_wheel(path: Path) -> str:
    return path.as_posix() if path.parts[0] == "course" or path == STARTS else f"course/_rooms/{path.as_posix()}"


def _build(checkout: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def _virtual_environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], timeout=DEADLINE_S, check=True)
    python = folder / "bin" / "python"
    # A folder named in a .pth file is searched, but its own .pth files are not read: an editable install of the course
    # in this environment stays out of sight.
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(_site_packages(python), "packages_of_the_tests.pth").write_text("\n".join(sorted(paths)), encoding="utf-8")
    return python


def _site_packages(python: Path) -> str:
    return sysconfig.get_path("purelib", vars={"base": str(python.parent.parent)})


def _pip(python: Path, *arguments: str) -> None:
    # --ignore-installed: the course of this environment is visible through the .pth file, and not pip's to remove.
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index"]
    command += ["--ignore-installed", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert shutil.which(python.with_name("learn"))

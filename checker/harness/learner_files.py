"""The learner's files, as checks read and copy them: whatever lies there, it never blocks, fills memory or ends a run.

`expect_...` is for a file that the exercise is about; `text_of` and `tree_of` are for those in which the line of a
finding is looked for. A UTF-8 signature (BOM) is taken where it stands, as Python, systemd and docker take it.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import tomllib
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from checker.harness.findings import NotYet, fail
from course.model import Finding, SourceLine
from course.shared.reading import Odd, content_of, text_of

__all__ = [
    "copy_project",
    "expect_bytes",
    "expect_file_if_any",
    "expect_python",
    "expect_text",
    "expect_toml",
    "text_of",
    "tree_of",
]

_TOML_LINE = re.compile(r"\(at line (\d+)")
_OPEN_TO_US = 0o600
_SIGNATURE = "\ufeff"
_DECLARES_ENCODING = re.compile(rb"(?:.*\n)?[ \t\f]*#.*?coding[:=]")  # PEP 263: in line 1 or 2


def expect_bytes(project: Path, file: str) -> bytes:
    """The content of a file of the project. One that is missing, no file, too large or closed to us is a finding."""
    try:
        return content_of(project / file)
    except FileNotFoundError:
        is_link = (project / file).is_symlink()
        saw = f"{file} is a link to what is not there" if is_link else f"there is no {file}"
        raise _finding("file-missing", file, saw) from None
    except Odd as odd:
        raise _finding("file-unreadable", file, f"{file} is {odd}") from None
    except OSError as error:
        raise _finding("file-unreadable", file, f"{file}: {(error.strerror or str(error)).lower()}") from None


def expect_text(project: Path, file: str) -> str:
    """The same as text, without its signature. What is not UTF-8 is a finding, with the line of the first odd byte."""
    content = expect_bytes(project, file)
    try:
        return content.decode().removeprefix(_SIGNATURE)
    except UnicodeDecodeError as error:
        fail(
            "file-not-text",
            wanted=f"{file} is text in UTF-8",
            saw=f"byte {error.start + 1:,} of {file} is 0x{content[error.start]:02x}, which is no UTF-8 there",
            where=SourceLine(file, content.count(b"\n", 0, error.start) + 1),
        )


def expect_python(project: Path, file: str) -> None:
    """The file is text in UTF-8, or declares an encoding of its own, which is left to Python.

    Python itself bears odd bytes in a comment, and then its tracebacks show no line of the file.
    """
    if not _DECLARES_ENCODING.match(expect_bytes(project, file)):
        expect_text(project, file)


def expect_file_if_any(project: Path, file: str) -> None:
    """What lies there, if anything, is a file: for one whose reader tells by itself that it is missing."""
    if (project / file).exists():
        expect_bytes(project, file)


def expect_toml(project: Path, file: str) -> tuple[dict[str, Any], str]:
    """A TOML file of the project: its top table, and its text. What is no TOML is a finding, with its line."""
    text = expect_text(project, file)
    wanted = f"{file} is TOML"
    try:
        return tomllib.loads(text), text
    except RecursionError:
        fail("file-not-toml", wanted=wanted, saw="values are nested too deeply", where=SourceLine(file, 1))
    except ValueError as error:  # tomllib's own, and Python's for a number of thousands of digits
        told = _TOML_LINE.search(str(error))
        line = int(told[1]) if told else max(len(text.splitlines()), 1)  # "(at end of document)"
        fail("file-not-toml", wanted=wanted, saw=str(error), where=SourceLine(file, line))


def tree_of(file: Path) -> ast.Module:
    """A Python file's syntax tree, in the encoding that it declares; an empty one where Python cannot read it."""
    with suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape sequence is a matter between Python and the learner
        return ast.parse(content_of(file))
    return ast.Module(body=[], type_ignores=[])


def copy_project(project: Path, folder: Path, *, ignored: Callable[[str], bool] = lambda _: False) -> None:
    """Copy the learner's folder to a new one, in which all can be edited.

    Links stay links. What is no file (a pipe, a socket), or cannot be read, is left out, as are ignored names: a
    project that runs does not need it.
    """
    for place, folders, names in os.walk(project):
        folders[:] = [name for name in folders if not ignored(name)]
        target = folder / Path(place).relative_to(project)
        target.mkdir()
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in [*names, *links]:
            if not ignored(name):
                _copy(Path(place, name), target / name, project)


def _copy(source: Path, target: Path, project: Path) -> None:
    with suppress(PermissionError, FileNotFoundError):  # closed to us, or gone again
        if source.is_symlink():
            target.symlink_to(_still_leading(source, project))
        elif source.is_file() and os.access(source, os.R_OK):
            shutil.copyfile(source, target)
            target.chmod(source.stat().st_mode | _OPEN_TO_US)


def _still_leading(link: Path, project: Path) -> Path:
    """Where the copy of a link is to lead: within the copy as within the project, elsewhere to the same place."""
    leads_to = link.readlink()
    full = Path(os.path.normpath(link.parent / leads_to))
    return leads_to if full.is_relative_to(project) else full


def _finding(code: str, file: str, saw: str) -> NotYet:
    return NotYet(Finding(code, f"{file} is there, as a file that can be read", saw, SourceLine(file, 1)))

"""One table of a TOML file, read key by key, so that each fault can name its file and its key. Knows no file's keys."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

from course.errors import CourseBug


class Table:
    """Read every key that may be there, then `close`: what is left over is a misspelt key."""

    def __init__(self, file: Path, content: dict[str, Any], above: str = "") -> None:
        self._file = file
        self._above = above
        self._content = content
        self._left = set(content)

    @classmethod
    def load(cls, file: Path) -> Table:
        """The file's top table. Raises CourseBug when the file is missing or is no TOML."""
        try:
            return cls(file, _content(file.read_text(encoding="utf-8-sig")))  # some editors write a BOM
        except FileNotFoundError as error:
            raise CourseBug(f"{file}: the file is missing") from error
        except OSError as error:
            raise CourseBug(f"{file}: cannot be read: {error.strerror}") from error
        except ValueError as error:  # tomllib's, and bytes that are not UTF-8
            raise CourseBug(f"{file}: {error}") from error

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key, in the file's order."""
        return tuple(self._content)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty; with a default, the key may be missing."""
        if default is not None and key not in self._content:
            return default
        found = self._take(key)
        if not isinstance(found, str) or not found.strip():
            raise self._fault(key, "must be a text")
        return found

    def texts(self, key: str, *, is_needed: bool = True) -> tuple[str, ...]:
        """A list of texts, perhaps empty; also when the key is missing and not needed."""
        if not is_needed and key not in self._content:
            return ()
        found = self._take(key)
        if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
            raise self._fault(key, "must be a list of texts")
        return tuple(found)

    def number(self, key: str, default: float | None = None) -> float:
        """A number above zero; with a default, the key may be missing."""
        if default is not None and key not in self._content:
            return default
        found = self._take(key)
        if isinstance(found, bool) or not isinstance(found, int | float) or not found > 0:
            raise self._fault(key, "must be a number above 0")
        return float(found)

    def table(self, key: str, *, is_needed: bool = True) -> Table:
        """A table inside this one; an empty one when the key is missing and not needed."""
        found = self._take(key) if is_needed or key in self._content else {}
        if not isinstance(found, dict):
            raise self._fault(key, "must be a table")
        return Table(self._file, found, self._full(key) + ".")

    def close(self) -> None:
        """Raise CourseBug when a key was not read: nobody knows it."""
        if self._left:
            raise self._fault(min(self._left), "is not known here")

    def _take(self, key: str) -> Any:
        self._left.discard(key)
        if key not in self._content:
            raise self._fault(key, "is missing")
        return self._content[key]

    def _full(self, key: str) -> str:
        return f"{self._above}{key}"

    def _fault(self, key: str, what: str) -> CourseBug:
        return CourseBug(f"{self._file}: key {self._full(key)!r} {what}")


@functools.lru_cache(maxsize=128)  # `learn watch` reads the whole course again at each save
def _content(text: str) -> dict[str, Any]:
    return tomllib.loads(text)

"""Lessons on the screen: drawn where there is colour, and as written where there is none."""

from __future__ import annotations

import io

from course.view import markdown
from course.view.screens import Screen
from tests.transcripts import shown

TEXT = """\
# A Title

A paragraph with `code` in it, which is written over
two lines in the file.

- an entry that is long enough to be folded when the screen is as narrow as this one
- another

1. first

```python
x = 1  # a line of code that is wider than the screen stays as it is, because a fold would change it
```

| a | b |
|---|---|
"""


def plain(columns: int = 60) -> str:
    return shown(markdown.draw(TEXT, Screen(io.StringIO(), columns)), columns)


def test_without_colour_nothing_of_the_source_is_lost() -> None:
    text = plain()
    for part in ("# A Title", "`code`", "```python", "- another", "1. first", "| a | b |"):
        assert part in text


def test_the_lines_of_a_paragraph_are_joined_before_they_are_folded() -> None:
    assert "which is written over two\n" in plain()


def test_an_entry_of_a_list_hangs_under_its_text() -> None:
    assert "  - an entry that is long enough to be folded when the\n    screen is" in plain()


def test_code_is_never_folded() -> None:
    assert "because a fold would change it" in plain(40)


def test_with_colour_the_marks_are_gone_and_the_heading_stands_at_the_left() -> None:
    text = shown(markdown.draw(TEXT, Screen(io.StringIO(), 60, colour=True)), 60, colour=True)
    assert "`code`" not in text
    assert "\x1b[" in text
    heading = next(line for line in text.splitlines() if "A Title" in line)
    assert heading.replace("\x1b[", "").lstrip("0123456789;m ").startswith("A Title")

"""checker/README.md, *What a check may use*: made from the docstrings, and whole."""

from __future__ import annotations

from checker import reference


def test_the_page_is_the_one_that_the_docstrings_make() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "`make page` writes it anew"


def test_every_module_of_the_harness_is_on_the_page_or_known_not_to_be() -> None:
    assert reference.missing() == set()


def test_everything_on_the_page_says_what_it_is() -> None:
    assert [line for line in reference.page().splitlines() if line.rstrip().endswith("`:")] == []

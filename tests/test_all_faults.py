"""checker/stage_2/gunicorn_deployment/faults.py: all that is wrong with one file is told at once."""

from __future__ import annotations

from functools import partial

import pytest

from checker.harness.findings import NotYet, fail
from checker.stage_2.gunicorn_deployment.faults import expect_all
from course.model import SourceLine


def test_the_first_fault_is_the_finding_and_the_others_have_a_line_each() -> None:
    with pytest.raises(NotYet) as told:
        expect_all(
            lambda: None,
            partial(fail, "first", wanted="one", saw="1", where=SourceLine("web.service", 3)),
            partial(fail, "second", wanted="two", saw="2", where=SourceLine("web.service", 9)),
            partial(fail, "third", wanted="three", saw="3"),
        )
    finding = told.value.finding
    assert (finding.code, finding.where) == ("first", SourceLine("web.service", 3))
    assert finding.saw.splitlines() == ["1", "also, line 9: 2", "also: 3"]


def test_nothing_is_told_of_a_file_without_a_fault() -> None:
    expect_all(lambda: None)

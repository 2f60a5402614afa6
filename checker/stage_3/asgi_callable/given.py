"""The files that the learner is given are the world around the callable: as issued, they are the same for everybody."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.run import Run

GIVEN = ("board/feed.py", "board/views.py", "board/urls.py", "board/models.py", "board/settings.py")


def expect_given(run: Run) -> None:
    """Each of them stands in the project as it was issued."""
    altered = [file for file in GIVEN if file not in run.given]
    if altered:
        wanted = "the given files stay as they were issued: they are the world around your callable"
        saw = f"{' and '.join(altered)} {'differ' if len(altered) > 1 else 'differs'} from what was issued"
        fail("given-altered", wanted=wanted, saw=saw)

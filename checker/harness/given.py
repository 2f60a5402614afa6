"""The files that a learner is given: the world around their work, the same for everybody."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.run import Run


def expect_given(run: Run, *files: str) -> None:
    """Each of these stands in the project as it was issued; else `given-changed`."""
    changed = [file for file in files if file not in run.given]
    if changed:
        wanted = "the given files stay as they were issued: your work is tried in them"
        saw = f"{' and '.join(changed)} {'differ' if len(changed) > 1 else 'differs'} from what was issued"
        fail("given-changed", wanted=wanted, saw=saw, facts={"file": changed[0]})

"""checker/stage_1/python_asyncio/plan.py: a finding quotes the desk's command as it was run."""

from __future__ import annotations

from checker.stage_1.python_asyncio.plan import Plan


def test_the_command_is_quoted_with_all_its_options() -> None:
    plan = Plan(("ACME", "BOLT"), limit=3, heartbeat_s=0.1)
    assert plan.command == "python -m desk --limit 3 --timeout 600 --deadline 600 --heartbeat 0.1 ACME BOLT"

"""Command lines that serve.py has to refuse, since the server would drop the option without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checker.harness.findings import fail
from checker.harness.site import SelfBound
from checker.harness.tracebacks import last
from checker.harness.waiting import wait_until
from checker.stage_3.asgi_servers import places
from checker.stage_3.asgi_servers.living import is_open
from checker.stage_3.asgi_servers.trials import BOOT_S

USAGE = 2  # what argparse ends with
COMMANDS: Sequence[tuple[Sequence[str], str]] = (
    (("daphne", "--workers", "2"), "--workers"),
    (("uvicorn", "--workers", "2", "--reload"), "--workers"),
    (("hypercorn", "--reload"), "--reload"),
    (("gunicorn-asgi", "--limit", "5"), "--limit"),
    (("gunicorn-uvicorn", "--trust", "10.1.2.3"), "--trust"),
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of them, started: its message has to name `option`."""

    arguments: Sequence[str]
    option: str
    site: SelfBound


def expect_refused(refusal: Refusal) -> None:
    """It ends with the code of wrong usage, and says which option it is about; it serves nobody."""
    site, said = refusal.site, " ".join(refusal.arguments)
    wait_until(lambda: is_open(site.port), BOOT_S, unless_ended=site.process)
    where = places.line(site.run, rf"add_argument\(.*{refusal.option}", rf"{refusal.option}", r"choices|argv")
    wanted = f"serve.py {said} ends with exit code {USAGE}, and names {refusal.option} on stderr"
    facts = {"option": refusal.option}
    if site.process.returncode is None:
        fail("not-refused", wanted=wanted, saw="it serves", where=where, facts=facts)
    site.process.log.wait_end(1.0)
    log = site.process.log.text
    if site.process.returncode != USAGE:
        error = last(log, site.run.project, site.run.given)
        saw = f"it ended with exit code {site.process.returncode}" + (f": {error.error}" if error else "")
        fail("not-refused", wanted=wanted, saw=saw, where=(error and error.where) or where, facts=facts)
    told = [text for text in log.splitlines() if not text.startswith(("usage:", " "))]
    named = [word for word in refusal.arguments if word.startswith("--")]  # of two that exclude each other, either
    if not any(word in text for word in named for text in told):
        saw = f"it said {' '.join(told)[:120]!r}" if told else "it said nothing"
        fail("not-refused", wanted=wanted, saw=saw, where=where, facts=facts)

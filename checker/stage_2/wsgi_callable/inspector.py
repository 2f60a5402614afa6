"""The learner's inspect_wsgi.py as its checks meet it: pointed at the shop, and at strict applications.

Gives the findings that several checks share; what is promised stands in test_3_inspector.py.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

from checker.harness import starters
from checker.harness.difference import difference
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.probed import probed
from checker.harness.program import Program
from checker.harness.run import Run
from checker.stage_2.wsgi_callable.kinds import Kind
from checker.stage_2.wsgi_callable.site import APP, BOOT_S
from checker.stage_2.wsgi_callable.source import CODE, STARTS, Source
from checker.stage_2.wsgi_callable.source import INSPECTOR_FILE as FILE
from course.model import SourceLine

INSIDE = Path(__file__).with_name("inside")
LAB = ("learn_lab.py", "learn_talks.py")  # the modules with the strict applications
LOG_LINE = "a line of the application's log"  # as learn_lab.py writes it to wsgi.errors
NAMES = ("status", "headers", "chunks", "bytes", "closed")
SHOWN_CHARACTERS = 160
BAD_REQUEST = 400
PAGE, STREAM = "/shop/hello/", ("learn_lab:shop", "/labels/")  # those that take long: all of Django is imported
WRONG_VALUE = {"PATH_INFO": "path-not-native", "QUERY_STRING": "query-changed"}  # the diagnosis for each

Report = dict[str, Any]


class Inspector:
    """Runs the learner's inspector, once for each question.

    The shop that it reads tells of its requests to a ledger of its own, which holds nobody: so it may be run while
    others count what the site's own ledger is told.
    """

    def __init__(self, run: Run, program: starters.Program, ledger: Gate, ledger_history: History) -> None:
        self._run = run
        self._ledger_history = ledger_history
        ledger.open()
        self._program = program
        self._asked = 0
        self._under_way: dict[tuple[str, str], Program] = {}
        lab = run.temporary / "lab"
        lab.mkdir()
        for module in LAB:
            shutil.copy(INSIDE / module, lab)
        _, variables = probed(run, APP, interface="wsgi")
        self._environment = {
            **variables,
            "PYTHONPATH": os.pathsep.join([variables["PYTHONPATH"], str(lab)]),
            "UPSTREAM_URL": ledger.url,
            "DATABASE_PATH": str(run.temporary / "inspected.sqlite3"),
        }

    def start(self, application: str, target: str = "/") -> None:
        """One run of it; a question of the same words then waits for this one. So several run side by side."""
        self._asked += 1
        self._under_way[application, target] = self._program(
            [sys.executable, FILE, application, target], name=f"inspect {self._asked}", environment=self._environment
        )

    def begin(self, application: str, target: str) -> None:
        """As `start`, unless this question was asked already."""
        if (application, target) not in self._under_way:
            self.start(application, target)

    def expect_run(self, application: str, target: str = "/", *, wanted: str) -> Program:
        """One run of it, to its end."""
        self.begin(application, target)
        program = self._under_way.pop((application, target))
        if program.wait(BOOT_S) is None:
            fail("no-answer", wanted=wanted, saw=f"it still ran after {BOOT_S:.0f} s")
        return program

    def expect_shop_report(self, target: str, facts: Mapping[str, Any], *, wanted: str) -> Report:
        """What it reports of one of the shop's pages, which must hold these facts."""
        program = self.expect_run(APP, target, wanted=wanted)
        if program.process.returncode:
            raise program.crashed(wanted)
        return self._expect_report(program, facts, wanted)

    def expect_lab_report(
        self, application: str, facts: Mapping[str, Any], *, code: str, wanted: str, target: str = "/"
    ) -> Report:
        """What it reports of one of the lab's applications; an error of its own on the way is `code`."""
        program = self.expect_run(application, target, wanted=wanted)
        if program.process.returncode:
            crash = program.crashed(wanted).finding
            fail(code, wanted=wanted, saw=crash.saw, where=crash.where, facts={"name": next(iter(facts))})
        return self._expect_report(program, facts, wanted, code)

    def expect_refusal(self, application: str, *, code: str, wanted: str) -> Program:
        """It must end with an error for this application, which breaks PEP 3333, or breaks."""
        program = self.expect_run(application, wanted=wanted)
        if program.process.returncode == 0:
            saw = f"exit code 0, and {self.said(program)[:SHOWN_CHARACTERS]!r}"
            fail(code, wanted=wanted, saw=saw, where=self.line(*STARTS))
        return program

    def line(self, *patterns: str) -> SourceLine | None:
        """The inspector's line that a finding is about."""
        return Source(self._run.project).line(*patterns, file=FILE)

    @staticmethod
    def said(program: Program) -> str:
        """What it printed on stdout."""
        return program.stdout.decode(errors="replace").strip()

    def told(self, kind: StrEnum, *, since: float) -> list[Event]:
        """What the lab's applications have told."""
        return self._run.history.events(kind, since=since)

    def finished(self, path: str) -> int:
        """How often Django has told that it has finished a request for this path that was inspected."""
        arrived = self._ledger_history.events(EventKind.GATE_ARRIVED)
        return sum(event["tag"] == f"finished {path}" for event in arrived)

    def expect_environ(self, program: Program, target: str, since: float) -> bool:
        """The environ that the lab's application got for this target must be right; False when it got none."""
        if refused := self.told(Kind.LAB_REFUSED, since=since):
            wanted = "an environ that wsgiref.validate accepts"
            where = self.line(rf"{CODE}REQUEST_METHOD", rf"{CODE}environ")
            fail("environ-incomplete", wanted=wanted, saw=str(refused[0]["message"]), where=where)
        path, _, query = target.partition("?")
        # The path's bytes as latin-1 characters: what PEP 3333 calls a native string.
        right = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "QUERY_STRING": query,
            "PATH_INFO": unquote(path, "latin-1"),
        }
        for environ in self.told(Kind.LAB_ENVIRON, since=since):
            for name, value in right.items():
                if (got := environ[name]) != value:
                    saw = difference(value, str(got))
                    where = self.line(rf"{CODE}['\"]?{name}['\"]?\]?\s*[:=](?!=)", rf"{CODE}{name}")
                    code = WRONG_VALUE.get(name, "environ-incomplete")
                    fail(code, wanted=f"environ[{name!r}] for {target} is {value!r}", saw=saw, where=where)
            if LOG_LINE in self.said(program):
                wanted = "what an application writes to wsgi.errors stays off stdout"
                saw = f"stdout was {self.said(program)[:120]!r}"
                fail("errors-on-stdout", wanted=wanted, saw=saw, where=self.line(rf"{CODE}wsgi\.errors"))
            return True
        return False

    def _expect_report(self, program: Program, facts: Mapping[str, Any], wanted: str, code: str = "") -> Report:
        said = self.said(program)
        report: Any = None
        with suppress(ValueError, RecursionError):
            report = json.loads(said)
        if not isinstance(report, dict):
            promised = f"{wanted}: one JSON object, and nothing else on stdout"
            saw = f"stdout was {said[:SHOWN_CHARACTERS]!r}"
            fail("report-not-alone", wanted=promised, saw=saw, where=self.line(rf"{CODE}json\.dump"))
        if missing := [name for name in NAMES if name not in report]:
            self.fail_as_reported(
                f"{wanted}: one JSON object with {', '.join(NAMES)}", missing[0], f"stdout was {said!r}"
            )
        if report["status"] == BAD_REQUEST and facts.get("status") != BAD_REQUEST:
            saw = "status: 400, which is Django's answer to a Host that is not in ALLOWED_HOSTS"
            where = self.line(rf"{CODE}HTTP_HOST", rf"{CODE}SERVER_NAME")
            fail("host-refused", wanted=f"{wanted}: status 200", saw=saw, where=where)
        for name, right in facts.items():
            if not _is_same(report[name], right):
                told, saw = f"{wanted}: {name} is {json.dumps(right)}", f"{name}: {json.dumps(report[name])}"
                if not code:
                    self.fail_as_reported(told, name, saw)
                where = self.line(rf"{CODE}\b{name}\b", *STARTS)
                fail(code, wanted=told, saw=saw[:SHOWN_CHARACTERS], where=where, facts={"name": name})
        return report

    def fail_as_reported(self, wanted: str, name: str, saw: str) -> NoReturn:
        """End the check: this fact of the report is missing or wrong."""
        where = self.line(rf"{CODE}['\"]?\b{name}['\"]?\s*[:=](?!=)", rf"{CODE}json\.dump")
        fail("inspector-report", wanted=wanted, saw=saw[:SHOWN_CHARACTERS], where=where, facts={"name": name})


def header(report: Report, name: str, number: int = 0) -> str | None:
    """The value of a header in a report, the first of this name, or a later one; None when there is no such pair."""
    with suppress(TypeError, ValueError, AttributeError, IndexError):
        return [str(value) for key, value in report["headers"] if key.lower() == name.lower()][number]
    return None


def _is_same(told: Any, right: Any) -> bool:
    # True == 1 in Python: a report that says `"chunks": true` is no number.
    return type(told) is type(right) and bool(told == right)

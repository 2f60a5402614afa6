"""The learner's site as its checks meet it: started whole or on an edited copy, and what Django told while it served.

What is promised stands in the check files, and the findings that these share in findings.py.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from checker.harness.events import EventKind
from checker.harness.findings import NotYet, fail
from checker.harness.gate import Gate
from checker.harness.history import Event
from checker.harness.http import Answer
from checker.harness.learner_files import copy_project, text_of, tree_of
from checker.harness.probed import probed
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan
from checker.harness.servers.gunicorn import gunicorn
from checker.harness.stack import Stack
from checker.stage_2.wsgi_callable.kinds import Kind
from course.model import SourceLine

APP = "shop.wsgi:application"
WSGI_FILE = "shop/wsgi.py"
VALIDATED = Path(__file__).with_name("inside") / "validated.py"
# Only failing solutions wait these out. A boot is all of Django, on a machine that may have better things to do.
GENEROUS_S = 20.0
BOOT_S = 60.0
LEAVES = "X-Learn-Leaves"  # by this header, validated.py knows a visitor who is gone
LAST_WORDS_S = 2.0
FAIR = "shop.settings_fair"  # the settings of another deployment
LABELS = 40  # in /shop/labels/
STREAM_FINISHED = "finished /shop/labels/"
NO_BYTES = "is not a byte"
TOO_EARLY = ("AppRegistryNotReady", "ImproperlyConfigured")
_NO_BYTES_LINE = re.compile(r"^TypeError: .* is not a byte.*$", re.MULTILINE)
_WSGI_FRAME = re.compile(r'File "[^"]*/shop/wsgi\.py", line (\d+)')


class ShopSite:
    """Starts the learner's site, in the project or in a copy of it, always with the Gate for its ledger."""

    def __init__(self, run: Run, stack: Stack, gate: Gate) -> None:
        self.run = run
        self.gate = gate
        self._stack = stack
        self._databases = 0

    # --- starting ---

    def start(
        self,
        name: str,
        *,
        app: str = APP,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> Server:
        """One gunicorn with one worker, a sync one unless `arguments` say otherwise: what it does, it does in turn."""
        run = self.run if folder is None else replace(self.run, project=folder)

        def starter(_: Run) -> Server:
            return gunicorn(run, app, name=name, environment=self._environment(environment), arguments=arguments)

        return self._stack.start(starter)

    def start_validated(self, name: str) -> Server:
        """The server of wsgiref, with wsgiref's validator around the learner's callable."""
        _, variables = probed(self.run, APP, interface="wsgi")

        def command(listening_fd: int) -> list[str]:
            return [sys.executable, "-P", str(VALIDATED), str(listening_fd)]

        plan = ServerPlan(name, command, self.run.project, {**variables, **self._environment(None)})
        return self._stack.start(lambda run: Server(plan, run))

    def copy(self, name: str, edits: Mapping[str, Callable[[str], str]]) -> Path:
        """A copy of the project, outside the learner's folder, with these files edited."""
        folder = self.run.temporary / name
        copy_project(self.run.project, folder, ignored=lambda name: name == "__pycache__" or name.endswith(".sqlite3"))
        for file, edit in edits.items():
            path = folder / file
            path.write_text(edit(text_of(path)), encoding="utf-8")
        return folder

    def expect_boot(self, server: Server, path: str) -> Answer:
        """The first answer, of whatever status; a boot that failed because Django was not set up has its own words."""
        try:
            return server.expect_ready(path, BOOT_S)
        except NotYet:
            self._judge_import_order(server)
            raise

    def expect_own_answer(
        self, server: Server, path: str, *, headers: Mapping[str, str] | None = None, label: str = ""
    ) -> Answer:
        """The answer to what the callable answers itself. A body that gunicorn cannot send has its own words."""
        request = server.send(path, headers=headers, label=label)
        if request.wait_answer(GENEROUS_S) is None and not any(
            event["request"] == request.id for event in server.seen(EventKind.APP_RAISED)
        ):
            server.process.log.wait_for(NO_BYTES, LAST_WORDS_S)
            if refused := _NO_BYTES_LINE.findall(server.process.log.text):
                wanted = f"gunicorn can send the answer to {path}"
                fail("pep-3333", wanted=wanted, saw=refused[-1], where=self.callable)
        return server.expect_answer(request)

    # --- what Django told ---

    def told(self, word: str, path: str, *, since: float) -> int:
        """How often the ledger told that Django has "started", or "finished", a request for this path."""
        return sum(
            event["tag"] == f"{word} {path}" for event in self.run.history.events(EventKind.GATE_ARRIVED, since=since)
        )

    def hold(self, tag: str, count: int = 1, *, unless: str = "") -> bool:
        """Let all others go until so many calls with this tag are held; False at the deadline.

        False at once, too, when a call with the tag `unless` is held instead.
        """
        now = self.run.history.now
        end = now() + GENEROUS_S
        while self.gate.held.count(tag) < count:
            if now() >= end:
                return False
            self.gate.wait_until(lambda: self._has_others(tag) or self.gate.held.count(tag) >= count, end - now())
            held = set(self.gate.held)
            if unless in held and tag not in held:
                return False
            for other in held - {tag}:
                self.gate.release(other)
        return True

    def wait_idle(self, server: Server) -> bool:
        """Return when the one worker has ended all that was asked before, and the request that asks for it; True then.

        False when Django has not finished that one at the deadline.
        """
        since = self.run.history.now()
        server.expect_get("/shop/about/")
        tag = "finished /shop/about/"
        return (
            self.run.history.wait_for(
                EventKind.GATE_ARRIVED, lambda event: bool(event["tag"] == tag), since=since, deadline_s=GENEROUS_S
            )
            is not None
        )

    def wait_all_told(self, server: Server) -> None:
        """Return when the worker has ended all that was asked before: it takes the next request only then."""
        server.expect_get("/shop/about/")

    def wait_validators_word(self, strict: Server, request: str) -> Event | None:
        """What wsgiref's validator had against this request; waits until the server is through with it."""
        self.run.history.wait_for(
            EventKind.APP_LEFT, lambda event: bool(event["request"] == request), deadline_s=GENEROUS_S
        )
        return next((event for event in strict.seen(Kind.PEP3333_BROKEN) if event["request"] == request), None)

    def handed_over(self, path: str) -> SourceLine:
        """The learner's function that makes the body for this path, as far as that is known; else their callable."""
        events = self.run.history.events(Kind.APP_RETURNED)
        known = [event.where for event in events if event["path"] == path and event.where]
        return known[-1] if known else self.callable or SourceLine(WSGI_FILE, 1)

    @property
    def callable(self) -> SourceLine | None:
        """The learner's line that defines `application`."""
        return application_in(self.run.project / WSGI_FILE)

    def _has_others(self, tag: str) -> bool:
        return any(other != tag for other in self.gate.held)

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        self._databases += 1
        database = self.run.temporary / f"shop_{self._databases}.sqlite3"
        return {"UPSTREAM_URL": self.gate.url, "DATABASE_PATH": str(database), **(more or {})}

    def _judge_import_order(self, server: Server) -> None:
        for failed in server.seen(EventKind.APP_IMPORT_FAILED):
            frames = _WSGI_FRAME.findall(str(failed["traceback"]))
            if failed["type"] in TOO_EARLY and frames:
                line = int(frames[-1])
                text = text_of(self.run.project / WSGI_FILE).splitlines()
                fail(
                    "django-not-set-up",
                    wanted=f"{server.name} imports {WSGI_FILE}",
                    saw=f"{failed['type']}: {str(failed['message'])[:160]}",
                    where=SourceLine(WSGI_FILE, line, "", text[line - 1].strip() if line <= len(text) else ""),
                )


def application_in(file: Path) -> SourceLine | None:
    """The line of this file that defines the name `application`."""
    for node in tree_of(file).body:
        names: list[str] = []
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names = [node.name]
            case ast.Assign():
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
        if "application" in names:
            doing = "".join(text_of(file).splitlines()[node.lineno - 1 : node.lineno]).strip()
            return SourceLine(WSGI_FILE, node.lineno, "", doing)
    return None


def facts_of(answer: Answer) -> dict[str, Any]:
    """The page's JSON object; empty when it is none."""
    facts = answer.json()
    return facts if isinstance(facts, dict) else {}


def links_of(answer: Answer) -> list[str]:
    """The front page's links; empty when this is not the front page."""
    links = facts_of(answer).get("links")
    return [str(link) for link in links] if isinstance(links, list) else []

"""The mall under gunicorn as its checks meet it: visitors with ids of their own, and the ledger they end up in."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from checker.harness import diagnosis, starters
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.http import Answer, Exchange, Stream
from checker.harness.learner_files import text_of
from checker.harness.lines import line_matching, line_with
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from course.model import SourceLine

GENEROUS_S = 20.0
LOOK_EVERY_S = 0.1
ARRIVED_S = 1.0
ROW_BYTES = 100
SETTINGS = "mall/settings.py"
WSGI = "mall/wsgi.py"
TENANTS = "mall/tenants.py"
TENANT = "TenantMiddleware"
# Lines of mall/tenants.py that a finding may point at.
GOES_INWARD = r"(?!\s*(?:def|#)).*get_response\(\w"
SETS_TENANT = r".*request\.tenant\s*(?::[^=]*)?="
KEEPS_ON_SELF = r"\s*self\.(?!get_response\b)\w+\s*(?::[^=]*)?=[^=]"
CATCHES = r"\s*except\b(?:\s*:|.*\b(?:QuotaExceeded|Exception|BaseException)\b)"
_IS_CODE = r"(?!\s*(?:#|\"{3}|from\b|import\b|def\b)).*"
NAMES_TENANT = _IS_CODE + r"[\"']X-Tenant[\"']\]\s*="
REFUSES = _IS_CODE + r"(?:=\s*404\b|HttpResponseNotFound\(|Http404\b)"
ASKS_VIEW = _IS_CODE + r"\bis_public\b"
SUSPENDS = _IS_CODE + r"\bis_suspended\b"
KNOWS_QUOTA = _IS_CODE + r"\bQuotaExceeded\b"
ADDED_PAGE = "/fair/"  # by inside/onion.py
RESPONSE_IS_NONE = "'NoneType' object has no attribute '_resource_closers'"

_numbers = itertools.count(1)


class Mall:
    """The learner's mall under gunicorn, with the Gate for its supplier."""

    def __init__(self, server: Server, gate: Gate, run: Run, variables: Mapping[str, str]) -> None:
        self.server = server
        self.gate = gate
        self.variables = variables
        self._run = run
        self._ledger = Path(variables["LEDGER_PATH"])
        self._flag = Path(variables["MAINTENANCE_FLAG"])

    def ask(self, path: str, *, tenant: str = "", label: str = "") -> tuple[str, Answer]:
        """One visitor with an X-Request-Id of their own: that id, and the answer, of whatever status."""
        visitor = f"visitor-{next(_numbers)}"
        headers = {"X-Request-Id": visitor, **({"X-Tenant": tenant} if tenant else {})}
        exchange = self.server.send(path, headers=headers, label=label or path)
        answer = exchange.wait_answer(GENEROUS_S)
        if answer is None:
            raise diagnosis.no_answer(self.server, exchange, GENEROUS_S)
        self._over(exchange.id)
        return visitor, answer

    def expect_layers_of_their_kind(
        self, first: Answer, wsgi_middleware: Sequence[str], django_middleware: str
    ) -> None:
        """Each layer stands where its kind belongs: told from the first request, which a wrong one fails."""
        error = diagnosis.wait_error(self.server, first.request) if first.status >= 500 else None
        if error is None or error["type"] != "TypeError":
            return
        for name in wsgi_middleware:
            if where := line_with(self._run.project, SETTINGS, f".{name}"):
                wanted = f"{name} is WSGI middleware: it stands around the app in {WSGI}, not in settings.MIDDLEWARE"
                fail("misplaced-middleware", wanted=wanted, saw=str(error["message"]), where=where)
        if where := line_with(self._run.project, WSGI, f"{django_middleware}("):
            wanted = f"{django_middleware} is Django's middleware: settings.MIDDLEWARE names it, and {WSGI} does not"
            fail("misplaced-middleware", wanted=wanted, saw=str(error["message"]), where=where)

    def expect_responses(self, first: Answer) -> None:
        """What comes out of settings.MIDDLEWARE for the first request is a response."""
        if first.status < 500:
            return
        # Django looks at what a view returns, not at what a middleware does: it fails with the response's first use,
        # at the end of BaseHandler.get_response, where no line of the middleware takes part any more.
        error = diagnosis.wait_error(self.server, first.request)
        if error is not None and RESPONSE_IS_NONE in str(error["message"]):
            fail(
                "middleware-returns-nothing",
                wanted="each middleware of settings.MIDDLEWARE returns a response",
                saw="None came out of them: Django failed at the first thing it wanted of the response",
                where=self.tenant_line(GOES_INWARD),
            )

    def expect_page(self, path: str, *, tenant: str = "", wanted: str) -> Answer:
        """An answer for which the learner's own code must not have raised."""
        _, answer = self.ask(path, tenant=tenant, label=f"{path} for {tenant}" if tenant else path)
        return self._expect_no_error(answer, wanted)

    def expect_stock_asked(self, tenant: str) -> Exchange:
        """The tenant's /stock/ on its way, held at the Gate inside its view."""
        exchange = self.server.send("/stock/", headers={"X-Tenant": tenant}, label=f"/stock/ for {tenant}")
        if not self.gate.wait_tag(f"stock-{tenant}", GENEROUS_S):
            wanted = f"/stock/ for the tenant `{tenant}` comes to its view, which asks the supplier"
            answer = self.expect_whole(exchange, wanted)
            fail("no-tenant", wanted=wanted, saw=f"status {answer.status}: {answer.text[:100]}")
        return exchange

    def expect_whole(self, exchange: Exchange, wanted: str) -> Answer:
        """The answer to a request on its way, for which the learner's own code must not have raised."""
        answer = exchange.wait_answer(GENEROUS_S)
        if answer is None:
            raise diagnosis.no_answer(self.server, exchange, GENEROUS_S)
        return self._expect_no_error(answer, wanted)

    def _expect_no_error(self, answer: Answer, wanted: str) -> Answer:
        if answer.status >= 500 and self.fault_of(answer) is None:
            errors = self.server.seen(EventKind.APP_RAISED)
            last = next((e for e in reversed(errors) if e["request"] == answer.request), None)
            saw = f"status {answer.status}: {last['type']}: {last['message']}" if last else f"status {answer.status}"
            where = last.where if last else None
            is_theirs = where is not None and where.function == "process_exception"
            fail("fault-raised-again" if is_theirs else "server-error", wanted=wanted, saw=saw, where=where)
        return answer

    @staticmethod
    def fault_of(answer: Answer) -> str | None:
        """The exception that FaultPages answered for; None when it did not."""
        fault = answer.json()
        return str(fault.get("type")) if isinstance(fault, dict) and fault.get("error") == "fault" else None

    @contextmanager
    def open_export(self, tag: str, rows: int) -> Iterator[tuple[str, Stream]]:
        """A streamed list of which the first row has been read; the others wait at the Gate as `<tag>-<n>`."""
        visitor = f"visitor-{next(_numbers)}"
        headers = {"X-Request-Id": visitor, "X-Tenant": "north"}
        with self.server.stream(f"/export/{tag}/{rows}/", headers=headers, label=f"export {tag}") as stream:
            self.expect_row(stream, tag, 1)
            yield visitor, stream

    def read_export(self, tag: str, rows: int) -> str:
        """A streamed list read to its end, whatever becomes of it on the way: its request."""
        headers = {"X-Tenant": "north"}
        with self.server.stream(f"/export/{tag}/{rows}/", headers=headers, label=f"export {tag}") as stream:
            for number in range(2, rows + 1):
                if not self.gate.wait_tag(f"{tag}-{number}", GENEROUS_S / 2):
                    break  # answered without rows
                self.gate.release(f"{tag}-{number}")
            stream.read_to_end(GENEROUS_S)
            self._over(stream.id)
        return stream.id

    def expect_row(self, stream: Stream, tag: str, number: int) -> None:
        """The row reaches the visitor while the next one is still at the supplier's."""
        if self._wait_row(stream, tag, number):
            return
        wanted = f"row {number} of /export/{tag}/ reaches the visitor while the supplier still has the next"
        if stream.ended:
            errors = [e for e in self.server.seen(EventKind.APP_RAISED) if e["request"] == stream.id]
            error = f": {errors[-1]['type']}: {errors[-1]['message']}" if errors else ""
            where = errors[-1].where if errors else None
            fail("server-error", wanted=wanted, saw=f"the answer ended with status {stream.status}{error}", where=where)
        asked = self.gate.held
        saw = "the app was asked for the next row, but this one had not been sent"
        fail("stream-buffered", wanted=wanted, saw=saw if asked else "nothing came, and no row was asked for")

    def _wait_row(self, stream: Stream, tag: str, number: int) -> bool:
        """The row has come; waits for it. False as soon as it is certain that it has not been sent."""
        row, following = f"{tag} row {number}".encode(), f"{tag}-{number + 1}"

        def is_decided() -> bool:
            return stream.read_until(row, LOOK_EVERY_S) or stream.ended or following in self.gate.held

        wait_until(is_decided, GENEROUS_S / 2)
        # A WSGI server sends each row before it asks for the next (PEP 3333): on loopback it has arrived.
        return stream.read_until(row, ARRIVED_S)

    def expect_next_row(self, stream: Stream, tag: str, number: int) -> None:
        """The supplier has this row: it reaches the visitor."""
        if not self.gate.wait_tag(f"{tag}-{number}", GENEROUS_S):
            wanted = f"row {number} is asked for when row {number - 1} has been sent"
            fail("stream-buffered", wanted=wanted, saw=f"nobody asked the supplier for {tag}-{number}")
        self.gate.release(f"{tag}-{number}")
        self.expect_row(stream, tag, number)

    def wait_over(self, stream: Stream) -> None:
        """Wait until the server has closed what it got for this stream."""
        self._over(stream.id)

    def line_of(self, visitor: str) -> dict[str, Any] | None:
        """The ledger's line for this visitor; the last, should there be several."""
        return self.lines_of(visitor)[-1] if self.lines_of(visitor) else None

    def lines_of(self, visitor: str) -> list[dict[str, Any]]:
        """All lines for this visitor."""
        found = []
        for text in text_of(self._ledger).splitlines():
            with suppress(ValueError, RecursionError):
                line = json.loads(text)
                if isinstance(line, dict) and line.get("request_id") == visitor:
                    found.append(line)
        return found

    @contextmanager
    def closed(self) -> Iterator[None]:
        """While the flag file exists."""
        self._flag.touch()
        try:
            yield
        finally:
            self._flag.unlink(missing_ok=True)

    def place(self, file: str, text: str) -> SourceLine:
        """The first line of a file of the learner's that holds this text; else its first."""
        return line_with(self._run.project, file, text) or SourceLine(file, 1)

    def tenant_line(self, *patterns: str) -> SourceLine | None:
        """The first line of mall/tenants.py that one of these patterns matches, in their order; else of the class."""
        return line_matching(self._run.project, TENANTS, [*patterns, GOES_INWARD, rf".*{TENANT}"])

    @property
    def catching_line(self) -> SourceLine | None:
        """The first line of mall/tenants.py that catches a QuotaExceeded, if one does."""
        return line_matching(self._run.project, TENANTS, [CATCHES])

    def _over(self, request: str) -> None:
        # The ledger's line may come after the visitor's last byte: the server closes when all has been sent.
        self._run.history.wait_for(EventKind.APP_LEFT, lambda e: bool(e["request"] == request), deadline_s=GENEROUS_S)


def start_mall(
    gunicorn: starters.Gunicorn, gate: Gate, run: Run, *, app: str, name: str, environment: dict[str, str]
) -> Mall:
    """One gunicorn worker with four threads; ledger and flag file are of its own."""
    ledger, flag = run.temporary / f"{name}.jsonl", run.temporary / f"{name}.flag"
    given = {"UPSTREAM_URL": gate.url, "LEDGER_PATH": str(ledger), "MAINTENANCE_FLAG": str(flag)}
    arguments = ["--worker-class", "gthread", "--threads", "4"]
    server = gunicorn(app, name=name, arguments=arguments, environment={**given, **environment})
    return Mall(server, gate, run, given)


def expect_line(
    mall: Mall, visitor: str, fields: Mapping[str, Any], *, wanted: str, lost: str = "no-ledger-line"
) -> None:
    """End the check unless the visitor has one line with these fields; with `lost` when there is none."""
    lines = mall.lines_of(visitor)
    if not lines:
        fail(lost, wanted=wanted, saw="no line for it")
    if len(lines) > 1:
        fail("ledger-twice", wanted=wanted, saw=f"{len(lines)} lines for it")
    wrong = {name: lines[0].get(name) for name, value in fields.items() if lines[0].get(name) != value}
    if wrong:
        saw = f"a line with {wrong}"
        fail("wrong-ledger-line", wanted=f"{wanted}: {dict(fields)}", saw=saw, facts={"field": " and ".join(wrong)})

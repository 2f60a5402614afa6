"""How a boot ends: by serving, by an exit, or never. And what a cold worker's first visitor waits for, as a picture."""

from __future__ import annotations

from enum import Enum
from functools import partial
from pathlib import Path

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.stage_2.wsgi_callable.site import BOOT_S, FAIR, GENEROUS_S, ShopSite
from course.model import SourceLine
from course.pictures import BarKind

# gunicorn gives up after the first worker that exits with its own code for this; each further one is another try.
TRIES = 3
# The narrowest of import errors: whoever lets some pass and not others lets this one.
BROKEN = "\nimport shop.views_of_next_week  # this edit is the check's: there is no such module\n"
COLD_APP = "cold_wsgi:application"
COLD_WSGI = Path(__file__).with_name("inside") / "cold_wsgi.py"


class BootEnding(Enum):
    """How a boot ended."""

    SERVES = "serves"
    EXITED = "exited"
    TRIES_AGAIN = "tries again"
    HANGS = "hangs"


def wait_ending_of_boot(server: Server) -> BootEnding:
    """Wait until a worker has imported the application, the master has given up, or it is plain that it will not."""

    def ending() -> BootEnding | None:
        if server.process.returncode is not None:
            return BootEnding.EXITED
        if server.seen(EventKind.APP_LOADED):
            return BootEnding.SERVES
        has_given_up = len({event["pid"] for event in server.seen(EventKind.APP_IMPORT_FAILED)}) >= TRIES
        return BootEnding.TRIES_AGAIN if has_given_up else None

    return wait_until(ending, BOOT_S, unless_ended=server.process) or BootEnding.HANGS


def expect_no_boot(server: Server, code: str, edit: str, line: SourceLine | None) -> None:
    """A deployment with this edit in it must end with an error before it serves anybody; `line` should see to that."""
    wanted = f"with {edit}, gunicorn gives up at boot, with an exit code other than 0"
    ending = wait_ending_of_boot(server)
    failed = server.seen(EventKind.APP_IMPORT_FAILED)
    where = failed[-1].where if failed else None
    if ending is BootEnding.TRIES_AGAIN:
        how = f"each ended with {failed[-1]['type']}, which is no failed boot to gunicorn"
        saw = f"gunicorn started worker after worker, at least {TRIES}: {how}"
        fail("boots-for-ever", wanted=wanted, saw=saw, where=where)
    if ending is BootEnding.EXITED:
        if server.process.returncode == 0:
            fail("boots-for-ever", wanted=wanted, saw="exit code 0, as if all was well", where=where)
        return
    if ending is BootEnding.HANGS:
        server.expect_ready("/shop/hello/")  # ends with the line that hangs
    answer = server.send("/shop/hello/", label="first visitor").wait_answer(GENEROUS_S)
    got = "no answer" if answer is None else f"status {answer.status}"
    saw = f"the worker booted as if nothing was wrong, and its first visitor got {got}"
    fail(code, wanted=wanted, saw=saw, where=line)


def start_cold(site: ShopSite) -> Server:
    """The shop, by Django's usual wsgi.py."""
    folder = site.copy("cold", {COLD_WSGI.name: lambda _: COLD_WSGI.read_text(encoding="utf-8")})
    environment = {"DJANGO_SETTINGS_MODULE": "shop.settings"}
    return site.start("cold", app=COLD_APP, folder=folder, environment=environment)


def start_broken_fair(site: ShopSite) -> Server:
    """The site with the fair's settings, and an import error in the URLconf that these name."""
    folder = site.copy("broken_fair", {"shop/urls_fair.py": broken})
    return site.start("broken fair", folder=folder, environment={"DJANGO_SETTINGS_MODULE": FAIR})


def broken(module: str) -> str:
    """The text of a module, and behind it an import that fails."""
    return module + BROKEN


def draw_first_visits(site: ShopSite, picture: Picture, warm: Server, cold: Server) -> None:
    """Boot, first and second request of two workers: Django's usual wsgi.py, and the learner's."""
    cold.expect_ready("/hello/", BOOT_S)
    cold.expect_get("/hello/")
    start = site.run.history.now()
    lanes = [*_waterfall("usual", cold, start), *_waterfall("yours", warm, start)]
    picture.lanes("one worker: its import, its first request, its second, by the clock", lanes)


def _waterfall(name: str, server: Server, start: float) -> list[Lane]:
    history = server.run.history
    loaded = server.seen(EventKind.APP_LOADED)
    if not loaded:
        return []
    lengths = [("import", float(loaded[0]["seconds"]))]
    for label, entered in zip(("first", "second"), server.seen(EventKind.APP_ENTERED), strict=False):
        left = history.wait_for(EventKind.APP_LEFT, partial(_is_of, entered["request"]), deadline_s=GENEROUS_S)
        if left is not None:
            lengths.append((label, left.t - entered.t))
    lanes = []
    at = start
    for label, length_s in lengths:
        lanes.append(
            Lane(f"{name} {label}", [Stretch(at, at + length_s, BarKind.WORKING)], note=f"{length_s * 1000:.1f} ms")
        )
        at += length_s
    return lanes


def _is_of(request: str, event: Event) -> bool:
    return bool(event["request"] == request)

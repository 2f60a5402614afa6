"""What serve.py's options make of uvicorn: how many are served at once, who is believed, and when code is read anew."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.seed import Seed
from checker.stage_3.asgi_servers import places
from checker.stage_3.asgi_servers.living import Lasting
from checker.stage_3.asgi_servers.trials import PROMPT_S, SURE_S, Trial

HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Draft:
    """What this run's options are, and who claims to visit."""

    limit: int
    proxy: str
    visitor: str
    liar: str
    release: str

    @property
    def arguments(self) -> list[str]:
        """The command line of the server that has both options."""
        return ["uvicorn", "--limit", str(self.limit), "--trust", f"{self.proxy},{HERE}"]

    @property
    def headers(self) -> dict[str, str]:
        """What two trusted proxies say of a visitor, who had begun the list with an address of his own."""
        return {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": f"{self.liar}, {self.visitor}, {self.proxy}",
        }


def draft(seed: Seed) -> Draft:
    """Draw them."""
    random = seed.random("options")
    ends = random.sample(range(2, 250), 3)
    return Draft(
        limit=random.randint(2, 4),
        proxy=f"10.1.2.{ends[0]}",
        visitor=f"203.0.113.{ends[1]}",
        liar=f"198.51.100.{ends[2]}",
        release=f"{random.randint(2, 9)}.{random.randint(10, 99)}",
    )


def expect_limit(trial: Trial, limit: int) -> None:
    """As many as the limit says are served at once, one more is refused, and when one has left the next is served."""
    trial.wait(
        lambda: not trial.site.visitors()
    )  # uvicorn counts connections: who asked a moment ago may be among them
    visitors = [trial.site.send(f"/hold/limit.{n}", label=f"open {n + 1}") for n in range(limit)]

    def all_in() -> bool:
        return sum(tag.startswith("limit.") for tag in trial.gate.held) + sum(v.is_done for v in visitors) >= limit

    trial.wait(all_in)
    refused = sum(v.is_done for v in visitors)
    one_more = trial.site.send("/hold/limit.more", label="one too many")
    trial.wait(lambda: one_more.is_done or any(tag.startswith("limit.more") for tag in trial.gate.held))
    answer = one_more.wait_answer(0)
    for tag in [tag for tag in trial.gate.held if tag.startswith("limit.")]:
        trial.gate.release(tag)
    where = places.line(trial.site.run, r"limit_concurrency", r"--limit-concurrency", r"--limit")
    wanted = f"with --limit {limit}, {limit} requests are served at once, and one more is answered with 503"
    if refused:
        saw = f"of {limit} at once, {limit - refused} were let in"
        fail("limit-off", wanted=wanted, saw=saw, where=where, facts={"limit": str(limit)})
    if answer is None or answer.status != 503:
        what = f"answered with {answer.status}" if answer else "let in as well"
        saw = f"request number {limit + 1} was {what}"
        fail("limit-off", wanted=wanted, saw=saw, where=where, facts={"limit": str(limit)})

    def is_served() -> bool:
        later = trial.site.send("/", label="when they have left").wait_answer(PROMPT_S)
        return later is not None and later.status == 200

    if not trial.wait(is_served):
        wanted = "once they have left, others are served"
        fail("limit-off", wanted=wanted, saw="503 as before", where=where, facts={"limit": str(limit)})


def expect_believed(trial: Trial, drawn: Draft) -> None:
    """Trusted proxies are believed: their visitor is the last address of the list that is not one of theirs."""
    page = trial.ask(drawn.headers)
    where = places.line(trial.site.run, r"forwarded_allow_ips", r"forwarded-allow-ips", r"proxy.headers", r"--trust")
    wanted = f"with --trust {drawn.proxy},{HERE} the app is told what these say: https, and {drawn.visitor}"
    if page["scheme"] != "https" or page["client"] not in (drawn.visitor, drawn.liar):
        saw = f"X-Forwarded-For: {drawn.headers['X-Forwarded-For']}, and X-Forwarded-Proto: https, from {HERE}"
        saw += f"\nthe app was told {page['scheme']}, {page['client']}"
        fail("proxy-not-believed", wanted=wanted, saw=saw, where=where)
    if page["client"] == drawn.liar:
        saw = f"X-Forwarded-For: {drawn.headers['X-Forwarded-For']}"
        saw += f"\nthe app was told {drawn.liar}, which anybody may write"
        fail("everybody-believed", wanted=wanted, saw=saw, where=where)


def expect_not_believed(trial: Trial, drawn: Draft) -> None:
    """Without --trust nobody is."""
    page = trial.ask(drawn.headers)
    if (page["scheme"], page["client"]) != ("http", HERE):
        saw = f"X-Forwarded-Proto: https came from {HERE}; the app was told {page['scheme']}, {page['client']}"
        where = places.line(
            trial.site.run, r"proxy_headers", r"forwarded_allow_ips", r"forwarded-allow-ips", r"uvicorn\.(run|Config)"
        )
        wanted = "without --trust nobody is believed: http, and the address of the connection"
        fail("everybody-believed", wanted=wanted, saw=saw, where=where)


def reload_once_saved(trial: Trial, save: Callable[[], None], release: str) -> None:
    """With --reload, a saved module is served, and serve.py is not started again."""
    save()
    unwatched = Lasting(lambda: not trial.family(), SURE_S)  # the reloader is the parent of what serves

    def is_new() -> bool:
        later = trial.site.send("/", label="after the save").wait_answer(PROMPT_S)
        return later is not None and later.status == 200 and trial.page(later)["release"] == release

    trial.wait(lambda: is_new() or unwatched.is_so())
    if not is_new():
        saw = "the old release is served as before" if not trial.has_ended else "the server ended"
        where = places.line(trial.site.run, r"reload\s*=", r"--reload")
        wanted = f"with --reload, parcels/release.py is read anew once it is saved, and {release} is served"
        fail("reload-switch", wanted=wanted, saw=saw, where=where)


def expect_old_release(trial: Trial, release: str) -> None:
    """Without the switch, the same save changes nothing."""
    if trial.ask()["release"] == release:
        where = places.line(trial.site.run, r"reload\s*=", r"--reload")
        wanted = "without --reload, what was started is served until it is started anew"
        fail("reload-switch", wanted=wanted, saw="a saved module was served at once", where=where)


@dataclass(slots=True)
class Options:
    """What uvicorn's options do, and uvicorn with --reload alone."""

    reloading: Trial
    believed: Future[None]
    limit: Future[None]
    unbelieved: Future[None]
    reloaded: Future[None]
    unmoved: Future[None]


def try_options(limited: Trial, reloading: Trial, copy: Path, drawn: Draft) -> Options:
    """Begin to ask both, in turn where one must not disturb the other. They serve the same `copy`."""
    believed = limited.then(partial(expect_believed, limited, drawn))
    limit = limited.then(partial(expect_limit, limited, drawn.limit))
    unbelieved = reloading.then(partial(expect_not_believed, reloading, drawn))

    def save() -> None:
        wait([limit])  # who reloads unasked would break off what it is asked meanwhile
        (copy / "parcels" / "release.py").write_text(f'RELEASE = "{drawn.release}"\n')

    reloaded = reloading.then(partial(reload_once_saved, reloading, save, drawn.release))

    def look_for_release() -> None:
        if reloaded.exception() is None:
            expect_old_release(limited, drawn.release)

    unmoved = limited.then(look_for_release)
    return Options(reloading, believed, limit, unbelieved, reloaded, unmoved)

"""What several check files share: the whole chat, and the sockets of one check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase

import pytest

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.given import expect_given
from checker.harness.history import History
from checker.harness.lines import line_matching
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.harness.server import PROBE_FOLDER
from checker.harness.site import APP_VARIABLE
from checker.harness.stack import Stack
from checker.milestones.chat_app.archive import Archive
from checker.milestones.chat_app.burst import Burst
from checker.milestones.chat_app.chat import GIVEN, Chat
from checker.milestones.chat_app.crowd import Crowd
from checker.milestones.chat_app.inside.make_tables import MISSING
from checker.milestones.chat_app.stack import NAMES, Booting, boot

INSIDE = Path(__file__).with_name("inside")
MIGRATE_DEADLINE_S = 60.0
# So many that a check can say its own part, and few enough for a burst to end in time.
FLOOD_FRAMES = range(30, 35)
FLOOD_S = 3.5
# By how much the clock of process two is slow.
CLOCK_S = -3600
# What a learner adds to the models; once_a_room stands there from the beginning.
NEW_IN_MODELS = [r"\s*(?:constraints|unique_together)\b(?!.*once_a_room)", r"class Message\("]
TAGS = [f"{letter}{number}" for letter in ascii_uppercase for number in range(10, 100)]


@pytest.fixture(scope="session")
def flood_frames(seed: Seed) -> int:
    """FLOOD_FRAMES of both processes."""
    return seed.random("FLOOD_FRAMES").choice(FLOOD_FRAMES)


@pytest.fixture(scope="session")
def booting(
    *,
    run: Run,
    stack: Stack,
    gate: Gate,
    uvicorn: starters.Uvicorn,
    nginx: starters.Nginx,
    valkey: starters.Valkey,
    flood_frames: int,
) -> Booting:
    """The chat with its steps told; the clock of process two is an hour slow. Nothing starts on altered given files."""
    expect_given(run, *GIVEN)
    more = {}
    for name in NAMES:
        folder = run.temporary / "steps" / name
        folder.mkdir(parents=True)
        more[name] = {
            APP_VARIABLE: "learn_steps:application",
            "PYTHONPATH": os.pathsep.join([str(PROBE_FOLDER), str(INSIDE)]),
            "LEARN_STEPS": str(folder),
            "LEARN_GATE": gate.url,
            "LEARN_CLOCK_S": str(CLOCK_S if name == NAMES[1] else 0),
            "FLOOD_FRAMES": str(flood_frames),
            "FLOOD_SECONDS": str(FLOOD_S),
        }
    return boot(run, stack, uvicorn, nginx, valkey, more=more)


@pytest.fixture(scope="session")
def chat(*, run: Run, booting: Booting, gate: Gate, history: History, seed: Seed, flood_frames: int) -> Chat:
    """All of it, up; the store has its tables."""
    code = booting.migrate.wait(MIGRATE_DEADLINE_S)
    wanted = "`python manage.py migrate` makes all that chat/models.py says"
    if code == MISSING:
        saw = "\n  ".join(["`makemigrations --check` would still write:", *booting.migrate.log.last_lines(3)])
        fail(
            "migration-missing",
            wanted=wanted,
            saw=saw,
            where=line_matching(run.project, "chat/models.py", NEW_IN_MODELS),
        )
    if code != 0:
        ending = f"no end after {MIGRATE_DEADLINE_S:.0f} s" if code is None else f"exit code {code}"
        saw = "\n  ".join([ending, *booting.migrate.log.last_lines(8)])
        fail("program-crashed", wanted=wanted, saw=saw)
    for server in (booting.one, booting.two, booting.front):
        server.expect_ready("/")
    gate.open()
    tags = iter(seed.random("tags").sample(TAGS, len(TAGS)))
    return Chat(
        booting.one,
        booting.two,
        booting.front,
        gate,
        history,
        seed,
        run.temporary / "steps",
        booting.file,
        flood_frames,
        FLOOD_S,
        tags,
    )


@pytest.fixture
def crowd(chat: Chat, request: pytest.FixtureRequest) -> Iterator[Crowd]:
    """The sockets of one check."""
    crowd = Crowd(chat, chat.seed.random(request.node.name))
    yield crowd
    crowd.close()


@pytest.fixture(scope="session")
def burst(chat: Chat) -> Iterator[Burst]:
    """A socket that is too fast, and its two checks."""
    crowd = Crowd(chat, chat.seed.random("burst"))
    burst = Burst(chat, crowd)
    yield burst
    burst.close()
    crowd.close()


@pytest.fixture(scope="session")
def archive(chat: Chat) -> Archive:
    """A room with a history; who has spoken there is gone."""
    crowd = Crowd(chat, chat.seed.random("archive"))
    archive = Archive(crowd)
    crowd.close()
    return archive

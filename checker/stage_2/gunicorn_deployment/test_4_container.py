"""Deployment with Gunicorn, the container: the pages service answers from it, and ends by one stop."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from checker.harness.containers.dockerfile import read as read_dockerfile
from checker.harness.findings import fail
from checker.harness.gate import Gate
from checker.harness.learner_files import expect_bytes
from checker.harness.servers.container import Container
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.stage_2.gunicorn_deployment.dockerfile import (
    expect_plain_port,
    expect_sound_dockerfile,
    expect_stop_signal,
)
from checker.stage_2.gunicorn_deployment.overrides import Printing, expect_profile_kept, lines_of_docker
from checker.stage_2.gunicorn_deployment.profiles import GENEROUS_S, LONGEST_REPORT_S, Profile, expect_gunicorn_grants
from checker.stage_2.gunicorn_deployment.stop import expect_finish_through_stop
from checker.stage_2.gunicorn_deployment.visitor import Visitor, master_of


def test_the_dockerfile_is_fit_to_run(project: Path) -> None:
    """The Dockerfile starts gunicorn without a shell that stays, without a reloader, and not as root."""
    expect_bytes(project, "Dockerfile")
    expect_sound_dockerfile(project, read_dockerfile(project / "Dockerfile"))


@needs("test_the_dockerfile_is_fit_to_run", "test_one_process_answers_pages_while_reports_run")
def test_the_container_answers_from_outside(
    box: Container, project: Path, profiles: Mapping[str, Profile], box_printing: Printing
) -> None:
    """The container runs by the profile, and answers at PORT, from outside too."""
    lines, wanted = lines_of_docker(box.dockerfile, project), "the container listens at the port that PORT names"
    expect_plain_port(project, box.dockerfile, wanted)
    if other := box.wait_elsewhere(GENEROUS_S):
        line = next((place for text, place in lines if f":{other}" in text), None) or profiles["pages"].line("bind")
        saw = f"it listens at {other}, and PORT is {box.port}"
        fail("unreachable-from-outside", wanted=wanted, saw=saw, where=line)
    box.expect_ready("/hello/")
    if not box.is_open:
        saw = "it listens at one address only, which in a container is the container itself"
        bind = profiles["pages"].line("bind")
        where = bind if bind.doing else box.dockerfile.place("CMD", project)
        fail("unreachable-from-outside", wanted="the port is open to those who ask from outside", saw=saw, where=where)
    serving = master_of(box, Visitor(box).ask())
    expect_profile_kept(box_printing, serving, profiles["pages"], "docker", lines)


@needs("test_the_container_answers_from_outside")
def test_one_stop_ends_the_container(
    box: Container, project: Path, profiles: Mapping[str, Profile], gate: Gate, stack: Stack
) -> None:
    """A stop of the container ends gunicorn, and lets a report finish."""
    where = box.dockerfile.place("CMD", project) or box.dockerfile.place("ENTRYPOINT", project)
    owned = master_of(box, Visitor(box).ask())
    if owned != box.process.pid:
        saw = f"its first process is pid {box.process.pid}, gunicorn's master is pid {owned}: TERM never gets there"
        fail("shell-form", wanted="gunicorn is the container's first process", saw=saw, where=where)
    expect_stop_signal(project, box.dockerfile)
    expect_gunicorn_grants(
        profiles["pages"], LONGEST_REPORT_S, "a report that is under way at a stop has twenty seconds"
    )
    stop = partial(stack.retire, box, partial(box.stop_as_docker, grace_s=GENEROUS_S * 2))
    expect_finish_through_stop(box, gate, "report", stop, master_pid=owned, where=where)

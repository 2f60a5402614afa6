"""At which addresses a running gunicorn listens, and who could ask there."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import psutil

from checker.harness.findings import fail
from checker.harness.site import Site
from checker.stage_2.gunicorn_deployment.kinds import Kind
from checker.stage_2.gunicorn_deployment.profiles import Profile
from course.model import SourceLine


def expect_loopback_only(site: Site, master_pid: int, profile: Profile, command: SourceLine) -> None:
    """The master listens on loopback and nowhere else; `command` is the manager's line that starts it."""
    others = [address for address in _addresses(master_pid) if not ip_address(address).is_loopback]
    site.run.history.record(Kind.GUNICORN_LISTENS, server=site.name, elsewhere=others)
    if others:
        bind = profile.line("bind")
        fail(
            "open-to-all",
            wanted=f"gunicorn listens at 127.0.0.1:{site.port}, for this machine alone",
            saw=f"it listens at {others[0]}: whoever reaches the machine reaches it",
            where=bind if bind.doing and "bind" not in command.doing else command,
        )


def _addresses(pid: int) -> list[str]:
    """The IP addresses that a process listens at; none where the system does not tell."""
    with suppress(psutil.Error):
        sockets = psutil.Process(pid).net_connections("inet")
        return [one.laddr.ip.partition("%")[0] for one in sockets if one.status == psutil.CONN_LISTEN]
    return []

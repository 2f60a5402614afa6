"""nginx, on a passed socket, with the learner's own site inside a configuration of ours."""

from __future__ import annotations

import grp
import os
import pwd
import socket
from collections.abc import Mapping
from pathlib import Path

from checker.harness.learner_files import expect_file_if_any
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan
from course.shared import equipment

SITE = "site.conf"

# All paths are relative: nginx takes them from its prefix (-p), a folder of its own under the run's temporary one.
# As root nginx gives its workers to another user, who may not enter that folder: so to whom it is started by.
_MAIN = """\
daemon off;
pid nginx.pid;
error_log stderr info;
worker_processes 1;
{user}
events {{ worker_connections 1024; }}
http {{
  types {{ text/html html; text/css css; text/javascript js; application/json json; image/png png; image/svg+xml svg; }}
  default_type application/octet-stream;
  access_log access.log;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  include "{site}";
}}
"""


def nginx(
    run: Run,
    site: str,
    *,
    name: str = "nginx",
    values: Mapping[str, str] | None = None,
) -> Server:
    """Start nginx on `site`, a file of the project that belongs inside `http {}`.

    In it `@LISTEN@` becomes the address to listen on (it must: the socket is passed), and `@NAME@` each of `values`.
    A fault in the site ends nginx at once, with an `[emerg]` line that names line and file. Raises MachineLacks.
    """
    expect_file_if_any(run.project, site)
    program = equipment.nginx().program
    folder = run.temporary / name
    folder.mkdir()

    def command(listening_fd: int) -> list[str]:
        with socket.socket(fileno=os.dup(listening_fd)) as listening:
            host, port = listening.getsockname()
        _configure(folder, run.project / site, {**(values or {}), "LISTEN": f"{host}:{port}"})
        # NGINX is how nginx hands its sockets to its successor; with it, it takes ours instead of binding.
        # -e: else it first tries to open the error log it was compiled with.
        return [
            "env", f"NGINX={listening_fd};",
            str(program),
            "-e", "stderr",
            "-p", str(folder),
            "-c", "nginx.conf",
        ]  # fmt: skip

    return Server(ServerPlan(name, command, folder), run)


def _configure(folder: Path, site: Path, values: Mapping[str, str]) -> None:
    included = site
    if site.is_file():  # else nginx itself says, with the file's name, that it is missing
        text = site.read_text(encoding="utf-8", errors="surrogateescape")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        included = folder / SITE
        included.write_text(text, encoding="utf-8", errors="surrogateescape")
    main = _MAIN.format(user=_user(), site=included)
    (folder / "nginx.conf").write_text(main, encoding="utf-8")


def _user() -> str:
    if os.geteuid() != 0:
        return ""  # nginx warns when somebody else says `user`
    return f"user {pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name};"

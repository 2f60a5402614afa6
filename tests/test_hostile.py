"""Unlucky and hostile code of the learner's: each ends in a verdict with the right words, and leaves nothing behind."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from course.model import Outcome, Verdict
from course.shared.leftovers import lives
from tests.grading import HELLO, SUITE, grade


def finding_of(verdict: Verdict) -> tuple[str, str, str]:
    """(code, saw, file:line) of the first failure."""
    assert verdict.first_failure is not None, verdict
    finding = verdict.first_failure.finding
    assert finding is not None
    where = finding.where
    return finding.code, finding.saw, f"{where.file}:{where.line}" if where else ""


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> object:
    """After each of these, no process of the run lives and its temporary folder is gone."""
    before = set(psutil.Process().children(recursive=True))
    yield
    assert set(filter(lives, psutil.Process().children(recursive=True))) <= before
    for process in psutil.process_iter():
        try:
            assert str(tmp_path) not in " ".join(process.cmdline()) + process.cwd()
        except psutil.Error:
            continue
    assert not (tmp_path / "run" / "ledger.jsonl").exists()


def test_a_plain_project_passes(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": HELLO})
    assert verdict.outcome is Outcome.PASSED, verdict


def test_a_syntax_error_names_its_file_and_line(tmp_path: Path) -> None:
    code, saw, where = finding_of(grade(tmp_path, {"app.py": "import os\ndef application(:\n    pass\n"}))
    assert (code, where) == ("import-error", "app.py:2")
    assert "SyntaxError" in saw


def test_a_missing_module_names_the_import(tmp_path: Path) -> None:
    code, saw, where = finding_of(grade(tmp_path, {"app.py": "import os\nimport nosuch\n" + HELLO}))
    assert (code, where) == ("import-error", "app.py:2")
    assert "No module named 'nosuch'" in saw


def test_wrong_settings_are_told_in_djangos_words(tmp_path: Path) -> None:
    wsgi = "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'settings'\n"
    wsgi += "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
    files = {"app.py": wsgi, "settings.py": "SECRET_KEY = 'x'\nINSTALLED_APPS = ['nosuch']\nROOT_URLCONF = 'urls'\n"}
    code, saw, where = finding_of(grade(tmp_path, files))
    assert (code, where) == ("import-error", "settings.py:2")
    assert "nosuch" in saw


def test_an_endless_loop_at_import_names_its_line(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": "while True:\n    pass\n" + HELLO}, deadline_s=6)
    code, _, where = finding_of(verdict)
    assert code == "endless-import"
    assert where in ("app.py:1", "app.py:2")


@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_server_that_exits_at_import_is_told(tmp_path: Path, leave: str) -> None:
    # gunicorn starts another worker for each that ends; the deadline ends that.
    verdict = grade(tmp_path, {"app.py": f"import os, sys\n{leave}\n"}, deadline_s=5)
    code, saw, _ = finding_of(verdict)
    assert code in ("server-exited", "server-never-answered", "import-error"), saw


def test_a_request_that_ends_its_worker_is_told(tmp_path: Path) -> None:
    leave = "    import os\n    if environ['PATH_INFO'] == '/again': os._exit(0)\n    start_response"
    code, _, _ = finding_of(grade(tmp_path, {"app.py": HELLO.replace("    start_response", leave)}))
    assert code == "answer-broken-off"


def test_a_request_that_is_never_answered_is_told(tmp_path: Path) -> None:
    wait = "    import threading\n    threading.Event().wait()\n    start_response"
    code, saw, _ = finding_of(grade(tmp_path, {"app.py": HELLO.replace("    start_response", wait)}, deadline_s=4))
    assert code == "no-answer"
    assert "reached your code" in saw


def test_killing_the_parent_does_not_reach_the_grader(tmp_path: Path) -> None:
    app = "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)\n" + HELLO
    verdict = grade(tmp_path, {"app.py": app}, deadline_s=5)
    # gunicorn's master stops as it was told, before or after it has answered: a race, but never ours to lose.
    assert verdict.outcome in (Outcome.PASSED, Outcome.FAILED), verdict


def test_closed_descriptors_and_fake_reports_change_nothing(tmp_path: Path) -> None:
    fake = '{"v":1,"event":"check_finished","result":{"id":"test_it_answers","outcome":"passed"}}'
    app = f"""
import os
for fd in range(3, 100):
    try: os.write(fd, b'{fake}\\n')
    except OSError: pass
print('{fake}', flush=True)
def application(environ, start_response):
    raise RuntimeError("boom")
"""
    code, saw, _ = finding_of(grade(tmp_path, {"app.py": app}))
    assert code == "server-error"
    assert "boom" in saw


def test_closing_every_descriptor_is_the_learners_own_trouble(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": "import os\nos.closerange(3, 100)\n" + HELLO}, deadline_s=5)
    assert verdict.outcome is Outcome.FAILED, verdict


def test_files_that_pytest_or_python_would_pick_up_change_nothing(tmp_path: Path) -> None:
    bad = "raise SystemExit('picked up')\n"
    names = ["conftest.py", "sitecustomize.py", "usercustomize.py", "psutil.py"]
    packages = ["pytest", "checker", "course", "_pytest", "gunicorn"]
    files = dict.fromkeys([*names, *(f"{name}/__init__.py" for name in packages)], bad)
    files["pytest.ini"] = "[pytest]\naddopts = --no-such-option\n"
    verdict = grade(tmp_path, {"app.py": HELLO, **files})
    assert verdict.outcome is Outcome.PASSED, verdict


def test_monkeypatched_modules_do_not_silence_the_probe(tmp_path: Path) -> None:
    app = """
import json, socket, threading, time
json.dumps = json.loads = lambda *a, **k: 1 / 0
time.monotonic = time.time = lambda: 0.0
socket.socket.sendto = lambda *a: 1 / 0
class Everything:
    def __eq__(self, other): return True
    def __hash__(self): return 1
def application(environ, start_response):
    raise ValueError("boom")
"""
    code, saw, where = finding_of(grade(tmp_path, {"app.py": app}))
    assert code == "server-error"
    assert where.startswith("app.py:")
    assert "boom" in saw


def test_much_output_is_cut_in_the_middle(tmp_path: Path) -> None:
    app = (
        HELLO
        + """
import os
line = b"x" * 1_000_000
for _ in range(200): os.write(1, line)
os.write(2, bytes(range(256)))
"""
    )
    verdict = grade(tmp_path, {"app.py": app}, deadline_s=30)
    assert verdict.outcome is Outcome.PASSED, verdict
    log = (tmp_path / "run" / "gunicorn.log").read_text(encoding="utf-8")
    assert "bytes left out" in log
    assert len(log) < 1_500_000


def test_a_child_that_detaches_is_found_and_ended(tmp_path: Path) -> None:
    app = (
        HELLO
        + """
import subprocess
subprocess.Popen(["sleep", "300"], start_new_session=True)
"""
    )
    verdict = grade(tmp_path, {"app.py": app})
    code, saw, _ = finding_of(verdict)
    assert code == "left-running"
    assert "sleep 300" in saw


# Forks every 20 ms, and goes: no number of it is used twice.
CHAIN = """
import os, time
if not os.fork():
    for _ in range(10_000):
        {leave}
        time.sleep(0.02)
        if os.fork():
            os._exit(0)
    os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the nearest subreaper")
@pytest.mark.parametrize("leave", ["pass", "os.setsid()"])
def test_a_chain_of_forks_is_found_and_ended(tmp_path: Path, leave: str) -> None:
    code, _, _ = finding_of(grade(tmp_path, {"app.py": HELLO + CHAIN.format(leave=leave)}))
    assert code == "left-running"


# Ends the grader, the parent of gunicorn's master, and leaves a process that carries no mark of the run.
ESCAPE = """
import os, signal, subprocess
if not os.fork():
    os.setsid()
    if not os.fork():
        os.execvp("env", ["env", "-i", "sleep", "300"])
    os._exit(0)
os.wait()
grader = int(subprocess.run(["ps", "-o", "ppid=", "-p", str(os.getppid())], stdout=subprocess.PIPE).stdout)
os.kill(grader, signal.{how})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the nearest subreaper")
def test_what_escapes_and_ends_the_grader_is_ended_and_told(tmp_path: Path) -> None:
    verdict = grade(tmp_path, {"app.py": HELLO + ESCAPE.format(how="SIGKILL")})
    assert verdict.outcome is Outcome.BROKEN
    assert verdict.reason == "the grader ended without a report\nleft running, and ended: sleep 300"


def test_a_fork_bomb_is_stopped(tmp_path: Path) -> None:
    app = (
        HELLO
        + """
import os, time
for _ in range(400):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
"""
    )
    code, saw, _ = finding_of(grade(tmp_path, {"app.py": app}, deadline_s=8))
    assert code in ("too-many-processes", "left-running"), saw


def test_taking_too_much_memory_is_stopped(tmp_path: Path) -> None:
    app = "import time\nhoard = []\nwhile True:\n    hoard.append(bytearray(64 * 1024 * 1024)); time.sleep(0.02)\n"
    code, saw, _ = finding_of(grade(tmp_path, {"app.py": app}, deadline_s=15))
    assert code == "too-much-memory"
    assert "MiB" in saw


def test_a_server_that_ignores_term_is_killed(tmp_path: Path) -> None:
    app = "import os, signal\nsignal.signal = lambda *a: None\n" + HELLO
    suite = SUITE.replace('gunicorn("app:application"', 'gunicorn("app:application", config="conf.py"')
    conf = "import signal\ndef when_ready(server):\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    verdict = grade(tmp_path, {"app.py": app, "conf.py": conf}, suite=suite)
    assert verdict.outcome is Outcome.PASSED, verdict


def test_a_project_that_removes_itself_ends_in_a_verdict(tmp_path: Path) -> None:
    app = "import pathlib, shutil\nshutil.rmtree(pathlib.Path(__file__).parent)\n" + HELLO
    verdict = grade(tmp_path, {"app.py": app})
    assert verdict.outcome in (Outcome.PASSED, Outcome.FAILED), verdict


def test_stray_variables_of_the_shell_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "WEB_CONCURRENCY": "7",
        "GUNICORN_CMD_ARGS": "--no-such-option",
        "PORT": "1",
        "PYTHONPATH": os.devnull,
        "PYTEST_ADDOPTS": "--no-such-option",
        "DJANGO_SETTINGS_MODULE": "nosuch",
    }.items():
        monkeypatch.setenv(name, value)
    verdict = grade(tmp_path, {"app.py": HELLO})
    assert verdict.outcome is Outcome.PASSED, verdict

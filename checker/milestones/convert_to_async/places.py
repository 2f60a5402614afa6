"""The line at fault in the learner's code, found by what stands in it. Runs nothing: reads their source."""

from __future__ import annotations

from checker.harness.lines import line_matching
from checker.harness.run import Run
from checker.harness.task_lines import line_calling
from course.model import SourceLine

VIEWS, EXPORTS, TENANT, ASGI = "depot/views.py", "depot/exports.py", "depot/tenant.py", "depot/asgi.py"
SETTINGS = "depot/settings.py"


def own_files(run: Run) -> list[str]:
    """The learner's own modules."""
    found = sorted(path.relative_to(run.project).as_posix() for path in (run.project / "depot").rglob("*.py"))
    return [file for file in found if file not in run.given]


def matching(run: Run, file: str, *patterns: str) -> SourceLine | None:
    """The first line of this file that one of these patterns is found in."""
    return line_matching(run.project, file, [rf"(?!\s*#).*(?:{pattern})" for pattern in patterns])


def calling(run: Run, names: set[str], function: str = "") -> SourceLine | None:
    """The one line that calls something of these names."""
    return line_calling(run.project, own_files(run), names, function)


def view(run: Run, name: str) -> SourceLine | None:
    """Where this view begins: its decorators are missing above it."""
    return line_matching(run.project, VIEWS, [rf"(?:async )?def {name}\(", rf"class {name.title()}\(", rf"{name} ="])


def remembers(run: Run) -> SourceLine | None:
    """Where the tenant is kept."""
    return matching(run, TENANT, r"= .*(?:local|Local|ContextVar)\(", r"^_\w+.*=", r"global ")


def answers(run: Run, name: str, saw: str) -> SourceLine | None:
    """Where an answer may have changed: who it is for is kept in one place, the rest is the view's."""
    if "tenant" in saw.lower() or name == "whoami":
        return remembers(run)
    return (name == "upload" and matching(run, VIEWS, r"request\.body")) or view(run, name)


def asks(run: Run, name: str) -> SourceLine | None:
    """Where this view calls its upstreams."""
    names = {"fetch", "afetch", "gather", "create_task", "as_completed", "map", "submit", "to_thread", "sync_to_async"}
    return calling(run, names - {"gather"}, name) or calling(run, {"gather", "map"}, name) or view(run, name)


def keeps_going(run: Run, name: str) -> SourceLine | None:
    """Where this view's calls are kept from being cancelled."""
    return calling(run, {"shield"}) or calling(run, {"create_task", "ensure_future"}, name) or asks(run, name)


def begins_exports(run: Run) -> SourceLine | None:
    """Where an export is begun."""
    names = {"create_task", "ensure_future", "Thread", "submit", "run_in_executor", "start_new_thread"}
    return calling(run, names) or matching(
        run, EXPORTS, r"create_task\(|ensure_future\(|Thread\(|submit\(", r"def start"
    )


def asks_ministry(run: Run) -> SourceLine | None:
    """Where an export asks the ministry, and what is caught there."""
    return matching(run, EXPORTS, r"\bexcept\b", r"fetch\(")


def awaits_export(run: Run) -> SourceLine | None:
    """Where an export is waited for in place of being begun; else where the view begins it."""
    return matching(run, EXPORTS, r"await (?:self\.)?\w+\(name") or calling(run, {"start"}, "export")


def ends(run: Run) -> SourceLine | None:
    """Where the exports are waited for at the end of the process; else where they are begun."""
    return matching(run, EXPORTS, r"while ", r"asyncio\.wait\(|gather\(|\.join\(\)") or begins_exports(run)


def waits_a_time(run: Run) -> SourceLine | None:
    """Where the end of the process waits for a time; else where it waits."""
    found = (matching(run, file, r"\bsleep\(", r"\btimeout\b") for file in (ASGI, EXPORTS))
    return next(filter(None, found), None) or end_of_process(run)


def states(run: Run) -> SourceLine | None:
    """Where an export's state is told from."""
    return matching(run, EXPORTS, r"def state")


def end_of_process(run: Run) -> SourceLine | None:
    """Where the process is told of its end; else where exports are begun, which nobody waits for."""
    return matching(run, ASGI, r"lifespan\.shutdown", r"lifespan") or begins_exports(run)


def takes_up(run: Run) -> SourceLine | None:
    """Where exports that were left over are looked for."""
    return matching(run, EXPORTS, r"glob\(|iterdir\(|\.objects\.")

"""The door: runs `cli`, and turns whatever ends it into one clear sentence and an exit status. Knows no command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from course.errors import LearnError, MachineLacks, UsageError
from course.model import ExitStatus


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `learn` with these arguments (default: the command line's) and return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    can_speak = _open_standard_streams()
    try:
        try:
            if not can_speak:
                raise UsageError("standard output is closed: there is nowhere to write to.", "`>/dev/null` drops it.")
            status = _run(arguments)
            # Typer turns a KeyboardInterrupt into this status, without a word.
            return _interrupted() if status == ExitStatus.INTERRUPTED else status
        except KeyboardInterrupt:
            return _interrupted()
        except LearnError as error:
            return _told(error)
        except BrokenPipeError:
            raise
        except OSError as error:
            return _machine(error, arguments)
        except Exception as error:  # noqa: BLE001  # the last door: what comes here is told, never shown as a traceback
            return _misused(error) or _bug(error, arguments)
        finally:
            # Here, not at the interpreter's exit, where a full disk or a closed pipe would cost a traceback.
            sys.stdout.flush()
    except BrokenPipeError:
        # `learn progress | head`: nobody reads on, and that is no error. The rest goes nowhere, quietly.
        _discard(sys.stdout)
        return ExitStatus.NOT_YET
    except OSError as error:
        _discard(sys.stdout)
        return _machine(error, arguments)


def _open_standard_streams() -> bool:
    """Whether standard output is open (`>&-` closes it). What is closed leads nowhere: no file may take its number.

    Errors go to standard output where standard error is closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # opens as the lowest free number: this one
    can_speak = sys.stdout is not None
    if not can_speak:
        sys.stdout = os.fdopen(1, "w")
    if sys.stderr is None:
        sys.stderr = sys.stdout
    return can_speak


def _run(arguments: Sequence[str]) -> int:
    if sys.platform == "win32":
        raise MachineLacks("learn runs on Linux and macOS.", "On Windows, run it inside WSL.")
    import signal

    from course.content.places import ROOMS

    for name in (signal.SIGTERM, signal.SIGHUP):
        # A closed terminal and a `kill` end a check as Ctrl-C does: its servers are stopped first.
        if signal.getsignal(name) is signal.SIG_DFL:
            signal.signal(name, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no ✓ gets a question mark, not a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.path.insert(0, str(ROOMS))
    import cli

    status = cli.run(arguments)
    return int(status or 0)


def _interrupted() -> int:
    _say("interrupted.", "")
    return ExitStatus.INTERRUPTED


def _told(error: LearnError) -> int:
    remedy = error.remedy
    if error.status is ExitStatus.COURSE_BUG:
        remedy = f"{remedy}\nThis is a bug of the course, not of your work. Please report it.".lstrip()
        _debug()
    _say(error.wrong, remedy)
    return error.status


def _machine(error: OSError, arguments: Sequence[str]) -> int:
    """What the system refused: a full disk, a read-only folder. Anything else of its kind is our bug."""
    import errno

    full = "Free some space and type it again."
    refused = "Look at its owner and mode with `ls -ld`, or work in a copy elsewhere."
    descriptors = "`ulimit -n 4096` in this shell raises the limit."
    remedy, status = {
        errno.ENOSPC: (full, ExitStatus.MACHINE_LACKS),
        errno.EDQUOT: (full, ExitStatus.MACHINE_LACKS),
        errno.ENOMEM: ("Close some programs and type it again.", ExitStatus.MACHINE_LACKS),
        errno.EMFILE: (descriptors, ExitStatus.MACHINE_LACKS),
        errno.ENFILE: (descriptors, ExitStatus.MACHINE_LACKS),
        errno.EROFS: (refused, ExitStatus.USAGE),
        errno.EACCES: (refused, ExitStatus.USAGE),
        errno.EPERM: (refused, ExitStatus.USAGE),
    }.get(error.errno or 0, ("", ExitStatus.COURSE_BUG))
    if not remedy:
        return _bug(error, arguments)
    _debug()
    where = f"{error.filename}: " if error.filename else ""
    _say(f"{where}{(error.strerror or str(error)).lower()}.", remedy)
    return status


def _misused(error: Exception) -> int | None:
    """The status of a command line that Typer does not understand; None when the error is none of Typer's."""
    from typer import Abort, BadParameter

    if isinstance(error, Abort):
        return _interrupted()
    usage_error = BadParameter.__mro__[1]
    if not isinstance(error, usage_error):
        return None
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "learn"
    sentence = str(getattr(error, "format_message", error.__str__)())
    _say(sentence[:1].lower() + sentence[1:], f"`{command} --help` shows what it takes.")
    return ExitStatus.USAGE


def _bug(error: BaseException, arguments: Sequence[str]) -> int:
    import platform
    import shlex
    import traceback

    from course import __version__

    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    at = f"{os.path.relpath(last.filename)}:{last.lineno} in {last.name}" if last else "nowhere"
    _debug()
    _say(
        f"{type(error).__name__}: {error}",
        "This is a bug of the course, not of your work. Please report it with these lines:\n"
        f"learn-asgi {__version__}, Python {platform.python_version()}, {platform.platform(terse=True)}\n"
        f"{shlex.join(['learn', *arguments])}\n"
        f"{at}\n"
        "LEARN_DEBUG=1 before the command shows the whole traceback.",
    )
    return ExitStatus.COURSE_BUG


def _debug() -> None:
    if os.environ.get("LEARN_DEBUG"):
        import traceback

        traceback.print_exc()


def _say(wrong: str, remedy: str) -> None:
    """On standard error, in the screens' shape."""
    from course.view import screens
    from course.view.trouble import draw

    try:
        sys.stdout.flush()
    finally:
        screens.stderr().show(draw(wrong, remedy))


def _discard(stream: object) -> None:
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())  # type: ignore[attr-defined]
    os.close(devnull)


if __name__ == "__main__":
    sys.exit(main())

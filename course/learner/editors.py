"""The learner's editor: which one it is, how it is told a line, and how it is started. Knows nothing of exercises."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from course.errors import MachineLacks, UsageError

FAILS_WITHIN_S = 1.0  # a window's launcher that cannot start its editor has said so by then
_VARIABLES = ("VISUAL", "EDITOR")

# How each is told a line, by the name of its program. One that is not here gets the file alone: a wrong argument would
# be taken for a second file.
_PLUS = ("+{line}", "{file}")
_PLUS_COLUMN = ("+{line}:1", "{file}")
_COLON = ("{file}:{line}",)
_GOTO = ("--goto", "{file}:{line}")
_OPTION = ("--line", "{line}", "{file}")

_IN_THE_TERMINAL: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("vi", "vim", "nvim", "lvim", "view", "vis", "elvis"), _PLUS),
    **dict.fromkeys(("nano", "pico", "rnano", "emacs", "emacsclient", "mg", "jmacs", "joe", "jed", "ne", "kak"), _PLUS),
    "micro": _PLUS_COLUMN,
    **dict.fromkeys(("hx", "helix"), _COLON),
}
_IN_A_WINDOW: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("code", "code-insiders", "code-oss", "codium", "vscodium", "cursor", "windsurf"), _GOTO),
    **dict.fromkeys(("pycharm", "pycharm64", "charm", "pycharm-professional", "pycharm-community", "idea"), _OPTION),
    **dict.fromkeys(("kate", "mate", "geany"), _OPTION),
    **dict.fromkeys(("subl", "sublime_text", "zed", "zeditor", "atom"), _COLON),
    **dict.fromkeys(("gvim", "mvim", "gedit", "gnome-text-editor"), _PLUS),
}
# Terminal editors by name, some of which open a window where they can: with them we wait, as a shell would.
_WINDOW_OR_TERMINAL = {"emacs", "emacsclient"}
VSCODE = ("code", "codium", "code-insiders", "cursor", "windsurf")
PYCHARM = ("pycharm", "charm", "pycharm-professional", "pycharm-community")


@dataclass(frozen=True, slots=True)
class Editor:
    """An editor: its name, its command line without files, and how it takes a line.

    One `in_a_window` is started and left alone; any other has our terminal until it ends.
    """

    name: str
    command: tuple[str, ...]
    takes_line: tuple[str, ...] = ("{file}",)
    in_a_window: bool = False
    wants_terminal: bool = False

    def opening(self, files: Sequence[Path], line: int | None = None) -> tuple[str, ...]:
        """The command line that opens these files, the first one at this line."""
        first, *others = files
        words = self.takes_line if line is not None else ("{file}",)
        placed = (word.format(file=first, line=line) if "{" in word else word for word in words)
        return (*self.command, *placed, *map(str, others))


def found(environment: Mapping[str, str] = os.environ) -> Editor:
    """The one that VISUAL or EDITOR names, else VS Code or PyCharm. Raises MachineLacks where there is none."""
    for variable in _VARIABLES:
        if environment.get(variable, "").strip():
            return _named(variable, environment[variable])
    # Inside the terminal of one of them, that one.
    by_name = (*PYCHARM, *VSCODE) if _is_in_pycharm(environment) else (*VSCODE, *PYCHARM)
    for name in by_name:
        if shutil.which(name):
            return _editor(name, (name,))
    raise MachineLacks(
        "no editor is named, and neither VS Code (code) nor PyCharm (pycharm) is on your path.",
        "`export EDITOR=vim` names one, with its options; put the line into your shell's profile to keep it.",
    )


def must_have_terminal(editor: Editor) -> None:
    """Raises UsageError where the editor needs a terminal, and there is none."""
    if editor.wants_terminal and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            f"{editor.name} needs a terminal, and here is none.", "`learn open --json` tells what it would open."
        )


def start(editor: Editor, command: Sequence[str]) -> None:
    """Run the editor: one in a window is left running, any other is waited for.

    Raises MachineLacks when it cannot be started or fails.
    """
    by_hand = f"Typed by hand, `{shlex.join(editor.command)}` may say more."
    try:
        status = _launch(command) if editor.in_a_window else _run(command)
    except OSError as error:
        raise MachineLacks(
            f"{command[0]} cannot be started: {(error.strerror or str(error)).lower()}.", by_hand
        ) from error
    if status:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        raise MachineLacks(f"{editor.name} {how}.", by_hand)


def _named(variable: str, text: str) -> Editor:
    try:
        words = shlex.split(text)
    except ValueError:
        words = []
    if not words:
        raise UsageError(f"${variable} is no command line: {text!r}.", f"`export {variable}=vim` names an editor.")
    program = os.path.expanduser(words[0])  # noqa: PTH111  # a Path would take the slash off `./editor`
    path = shutil.which(program)
    if path is None:
        raise MachineLacks(
            f"${variable} names {words[0]!r}, and no such program is on your path.",
            f"Install it, or name another: `export {variable}=vim`.",
        )
    # Debian's `editor` is a link to a link to vim.basic, say.
    names = [PurePath(program).name, Path(path).resolve().name]
    known = next((name for name in map(_plain, names) if name in _IN_THE_TERMINAL or name in _IN_A_WINDOW), None)
    return _editor(known or names[0], (program, *words[1:]))


def _editor(name: str, command: tuple[str, ...]) -> Editor:
    if name in _IN_A_WINDOW:
        return Editor(name, command, _IN_A_WINDOW[name], in_a_window=True)
    wants_terminal = name in _IN_THE_TERMINAL and name not in _WINDOW_OR_TERMINAL
    return Editor(name, command, _IN_THE_TERMINAL.get(name, ("{file}",)), wants_terminal=wants_terminal)


def _plain(name: str) -> str:
    """`vim` of vim.basic, `pycharm` of pycharm.sh."""
    return name.partition(".")[0]


def _is_in_pycharm(environment: Mapping[str, str]) -> bool:
    return environment.get("TERMINAL_EMULATOR") == "JetBrains-JediTerm" and environment.get("TERM_PROGRAM") != "vscode"


def _run(command: Sequence[str]) -> int:
    # Ctrl-C in the editor is the editor's.
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        # Not `subprocess.run`, which kills it when we are ended: it may have work that is not saved.
        return subprocess.Popen(command).wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _launch(command: Sequence[str]) -> int:
    """Its status when it ended at once, else 0. In a session of its own: closing our terminal does not close it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(FAILS_WITHIN_S)
    except subprocess.TimeoutExpired:
        return 0

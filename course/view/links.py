"""Links that a terminal opens (OSC 8): who understands them, and the address of a line of a file.

A terminal that does not understand one should print its text alone, but some print the address too, and a pipe keeps
it: so they are only written to terminals that are known. FORCE_HYPERLINK=1 writes them everywhere, =0 nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PROGRAMS = {"iTerm.app", "WezTerm", "vscode", "ghostty"}
TERMINALS = {"xterm-kitty", "xterm-ghostty", "alacritty", "foot"}
FIRST_VTE = 5000  # GNOME's terminal and its kin: 0.50


def are_understood(environment: Mapping[str, str], *, live: bool) -> bool:
    """Whether links may be written: to a terminal that opens them, on the machine where the files are."""
    forced = environment.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    # tmux and screen stand between; over ssh the address would name a file of the other machine.
    between = ("TMUX", "STY", "SSH_CONNECTION", "CI")
    if not live or any(environment.get(name) for name in between):
        return False
    vte = environment.get("VTE_VERSION", "")
    return (
        environment.get("TERM_PROGRAM") in PROGRAMS
        or environment.get("TERM") in TERMINALS
        or (vte.isdigit() and int(vte) >= FIRST_VTE)
        or bool(environment.get("WT_SESSION"))
    )


def to_line(file: Path, line: int) -> str:
    """`file:///shop/views.py#14`, as kitty, iTerm2 and ripgrep write it."""
    return f"{file.resolve().as_uri()}#{line}"

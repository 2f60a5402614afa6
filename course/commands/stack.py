"""`learn run` and `learn shell`: the exercise's own stack, by hand. As in cli.py: each gathers, calls and shows."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Annotated, Any

import typer

from course.commands.arguments import AsJson, ExerciseName
from course.errors import UsageError
from course.model import ExitStatus
from course.parameters import PlainCommand

COMMAND = "course.command"
Profile = Annotated[str | None, typer.Option(metavar="NAME", help="Only the service of this profile.")]
Manager = Annotated[str | None, typer.Option(metavar="NAME", help="Under this process manager.")]


class BeforeDashes(PlainCommand):
    """A command whose words after `--` are another command, and none of its own arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep that other command for `run`."""
        if "--" in args:
            at = args.index("--")
            args, ctx.meta[COMMAND] = args[:at], args[at + 1 :]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Named in the usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def run(
    context: typer.Context,
    exercise: ExerciseName = None,
    profile: Profile = None,
    manager: Manager = None,
    as_json: AsJson = False,
) -> ExitStatus:
    """Run your work by hand, or a command beside it.

    Its servers are started as the checks do, and again at each save; Ctrl-C
    ends them. After `--`: that command, with the course's Python and the
    variables of what runs.
    """
    from course.learner import situation, stands
    from course.view import screens
    from course.view import stand as view

    here = situation.here()
    chosen = situation.meant(here, exercise)
    choices = {"profile": profile, "manager": manager}
    only = {kind: name for kind, name in choices.items() if name is not None}
    if command := context.meta.get(COMMAND):
        if only:
            raise UsageError(
                f"--{next(iter(only))} is of the stack, not of a command beside it.",
                "Run the stack by it in another terminal, and this command without it.",
            )
        raise typer.Exit(stands.run(here, chosen, command))
    screen = screens.stdout()
    with suppress(KeyboardInterrupt):  # the way to end it
        stands.keep(here, chosen, view.JsonEvents(screen) if as_json else view.Follow(screen, chosen), only)
    return ExitStatus.PASSED


def shell(exercise: ExerciseName = None) -> ExitStatus:
    """A shell with the course's Python; `exit` leaves it."""
    from course.learner import situation, stands

    here = situation.here()
    raise typer.Exit(stands.run(here, situation.meant(here, exercise), [os.environ.get("SHELL") or "/bin/sh"]))


def add_to(app: typer.Typer) -> None:
    """Make both commands of `learn`."""
    app.command("run", cls=BeforeDashes)(run)
    app.command("shell", cls=PlainCommand)(shell)

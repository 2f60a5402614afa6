"""`learn dev`, for authors, by command. As in cli.py: each gathers, calls, shows, and returns an exit status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from course.commands.arguments import AsJson, ExerciseNames, exercise_names
from course.model import ExitStatus
from course.parameters import PlainCommand, PlainGroup

dev = typer.Typer(cls=PlainGroup, rich_markup_mode=None)


@dev.command("new", cls=PlainCommand)
def dev_new(
    path: Annotated[str, typer.Argument(metavar="STAGE/NAME", help="As in stage_3/event_loop.")],
    title: Annotated[str, typer.Argument(help="The roadmap box.")],
) -> ExitStatus:
    """Make the rooms of a new exercise."""
    from course.authors import faults, new
    from course.content.places import Places
    from course.view import authoring as view
    from course.view import screens

    with faults.told_to_the_author():
        screens.stdout().show(view.made(path.partition("/")[2], title, new.new(Places(), path, title)))
    return ExitStatus.PASSED


@dev.command("show", cls=PlainCommand)
def dev_show(exercise: Annotated[str, typer.Argument(autocompletion=exercise_names)]) -> ExitStatus:
    """All of one exercise: its files from all rooms, its solutions, its promises and what breaks them."""
    from course.authors import dossier, faults
    from course.content import catalogue
    from course.content.places import Places
    from course.view import authoring as view
    from course.view import screens

    places = Places()
    with faults.told_to_the_author():
        screens.stdout().show(view.dossier(dossier.read(places, catalogue.find(catalogue.read(places), exercise))))
    return ExitStatus.PASSED


@dev.command("mistake", cls=PlainCommand)
def dev_mistake(  # noqa: PLR0917 - typer passes options by name
    exercise: Annotated[str, typer.Argument(autocompletion=exercise_names)],
    mistake: Annotated[str, typer.Argument(help="Its name, as in `learn dev show`.")],
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="Default: one of its name, here.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Write what FOLDER changes as the mistake's diff.")] = False,
    on: Annotated[str, typer.Option(metavar="STYLE", help="The right solution for a new one.")] = "",
    check: Annotated[str, typer.Option(metavar="TEST", help="With --save: the check it must fail.")] = "",
    code: Annotated[str, typer.Option(metavar="CODE", help="With --save: the diagnosis.")] = "",
    breaks: Annotated[str, typer.Option(metavar="PROMISE/SIDE", help="With --save: what it breaks.")] = "",
    where: Annotated[str, typer.Option(metavar="FILE:LINE", help="With --save: where the finding points.")] = "",
    saw: Annotated[str, typer.Option(metavar="TEXT", help="With --save: words that the finding holds.")] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="With --save: why somebody does it.")] = "",
) -> ExitStatus:
    """Lay a wrong solution out in a folder; with --save, write the folder back as its diff.

    A new one: lay it out with --on STYLE, make the mistake, and save it.
    """
    from course.authors import faults, saving
    from course.content import catalogue
    from course.content.places import Places
    from course.errors import UsageError
    from course.view import authoring as view
    from course.view import screens

    places, place = Places(), folder or Path(mistake)
    with faults.told_to_the_author():
        chosen = catalogue.find(catalogue.read(places), exercise)
    given = {"check": check, "code": code, "where": where, "saw": saw, "breaks": breaks, "why": why}
    head = {key: text for key, text in given.items() if text}
    if save:
        screens.stdout().show(view.saved(saving.save(places, chosen, mistake, place, on=on, head=head)))
        return ExitStatus.PASSED
    if head:
        raise UsageError(f"--{next(iter(head))} is for --save.", "Lay it out first, and say that when you save it.")
    laid = saving.lay(places, chosen, mistake, place, on=on)
    screens.stdout().show(view.laid_out(chosen, mistake, place, laid, on=on))
    return ExitStatus.PASSED


@dev.command("check", cls=PlainCommand)
def dev_check(
    exercises: ExerciseNames = None,
    *,
    repeat: Annotated[int, typer.Option(metavar="N", min=1, help="Each verdict so many times.")] = 1,
    load: Annotated[int, typer.Option(metavar="K", min=0, help="Beside so many busy processes.")] = 0,
    jobs: Annotated[int | None, typer.Option(metavar="J", min=1, help="Default: three a core, at most 8.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Each check with what it needs, on the reference.")] = False,
    right: Annotated[bool, typer.Option("--right", help="The scaffolds and right solutions, no mistakes.")] = False,
    sample: Annotated[bool, typer.Option("--sample", help="Of the mistakes, one for each diagnosis.")] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Go on after the first failure.")] = False,
    cold: Annotated[bool, typer.Option("--cold", help="Start each server anew, as learn check does.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Bear with no unsteady verdict.")] = False,
    as_json: AsJson = False,
) -> ExitStatus:
    """Prove the graders on the whole catalogue.

    The scaffold and each wrong solution must fail where it should, each right solution must pass.
    """
    from course.authors import choosing, faults, proving
    from course.content.places import Places
    from course.view import proofs as view
    from course.view import screens

    places, screen = Places(), screens.stdout()
    teller = view.JsonProofs(screen) if as_json else view.Proving(screen)
    with faults.told_to_the_author():
        chosen = choosing.read(places, exercises or (), alone=alone, right=right, sample=sample)
    for problem in chosen.problems:
        teller.problem(problem)
    proofs = proving.prove(
        places, chosen.cases, repeat=repeat, load=load, jobs=jobs, whole=whole, cold=cold, tell=teller.proof
    )
    proven = proving.summed_up(proofs, chosen.problems, strict=strict)
    teller.close(proven)
    return ExitStatus.PASSED if proven.is_proven else ExitStatus.NOT_YET

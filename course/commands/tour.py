"""`learn tour`. As in cli.py: it gathers, calls, shows, and returns an exit status."""

from __future__ import annotations

from course.model import ExitStatus


def tour() -> ExitStatus:
    """The main job in about a minute, in a throw-away folder."""
    from course.content.places import Places
    from course.learner import attempt
    from course.learner import tour as trip
    from course.view import check, progress, screens
    from course.view import tour as view

    places, screen = Places(), screens.stdout()
    exercise = trip.exercise_of(places)
    screen.show(view.begin(exercise))
    with trip.throw_away(places, exercise) as here:
        screen.show(view.fail())
        follow = check.Follow(screen)
        untouched = attempt.grade(here, exercise, follow)
        follow.close(untouched)
        trip.must_fail(exercise, untouched.verdict)
        screen.show(view.mend(exercise))
        trip.mend(here, exercise)
        follow = check.Follow(screen)
        mended = attempt.grade(untouched.situation, exercise, follow)
        follow.close(mended)
        trip.must_pass(exercise, mended.verdict)
        screen.show(view.progress())
        ended = mended.situation
        screen.show(progress.draw(ended.course, ended.progress, mended.boxes, exercise))
    screen.show(view.onward())
    return ExitStatus.PASSED

"""`learn dev check` on a small catalogue: what is right, what is wrong, what is remembered."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from course.authors import choosing, proving
from course.authors.proof_cache import engine_parts
from course.content.places import ROOMS, Places
from course.errors import CourseBug
from course.model import Exercise
from tests.grading import lay

PATH = "stage_1/toy"
SUITE = '''
"""Checks of a toy."""
from checker.harness.findings import fail
from course.model import SourceLine

def test_word(project):
    """The word is said."""
    word = (project / "word.txt").read_text().strip()
    if word == "?":
        fail("no-word", wanted="a word", saw="none")
    if word != "yes":
        fail("wrong-word", wanted="yes", saw=word, where=SourceLine("word.txt", 1))
'''
CODES = ("no-word", "wrong-word", "lost", "left-running")
TOY = Exercise("stage_1", "toy", "Toy", written=True, first_check="test_word", first_code="no-word")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "proofs").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "proofs"))
    files = {
        "checker/stage_1/toy/test_toy.py": SUITE,
        f"exercises/{PATH}/hints.toml": "".join(f"[{code}]\nhints = ['1', '2', '3']\n" for code in CODES),
        f"exercises/{PATH}/lesson.md": "# Toy\n",
        f"exercises/{PATH}/scaffold/word.txt": "?\n",
        f"solutions/{PATH}/right/reference/word.txt": "yes\n",
        f"solutions/{PATH}/wrong/no/word.txt": "no\n",
        f"solutions/{PATH}/wrong/no/expect.toml": 'check = "test_word"\ncode = "wrong-word"\nwhere = "word.txt:1"\n',
    }
    return Places(lay(tmp_path / "rooms", files))


def test_scaffold_right_and_wrong_are_proven(places: Places) -> None:
    proofs = proving.prove(places, proving.cases(places, TOY))
    assert [(proof.case.kind, proof.seen) for proof in proofs] == [
        ("scaffold", "test_word: no-word"),
        ("right", "passes"),
        ("wrong", "test_word: wrong-word at word.txt:1"),
    ]
    assert all(proof.is_right for proof in proofs)


def test_a_case_may_name_the_file_alone(places: Places) -> None:
    expect = places.solutions(PATH) / "wrong" / "no" / "expect.toml"
    expect.write_text(expect.read_text().replace("word.txt:1", "word.txt"))
    assert all(proof.is_right for proof in proving.prove(places, proving.cases(places, TOY)))


def test_a_wrong_place_is_no_proof(places: Places) -> None:
    expect = places.solutions(PATH) / "wrong" / "no" / "expect.toml"
    expect.write_text(expect.read_text().replace("word.txt:1", "word.txt:7"))
    *_, wrong = proving.prove(places, proving.cases(places, TOY))
    assert not wrong.is_right
    assert wrong.seen.endswith("at word.txt:1")


def test_a_right_solution_that_fails_is_told(places: Places) -> None:
    (places.reference(PATH) / "word.txt").write_text("perhaps\n")
    _, right, _ = proving.prove(places, proving.cases(places, TOY))
    assert (right.is_right, right.seen) == (False, "test_word: wrong-word")


def test_what_was_not_expected_keeps_its_run(places: Places, tmp_path: Path) -> None:
    (places.reference(PATH) / "word.txt").write_text("perhaps\n")
    scaffold, right, wrong = proving.prove(places, proving.cases(places, TOY))
    assert right.said == "perhaps"
    assert right.run is not None
    assert (right.run / "history.jsonl").is_file()
    assert (scaffold.run, wrong.run) == (None, None)
    assert list((tmp_path / "proofs").glob("learn-prove-*")) == [right.run.parent]


@pytest.mark.parametrize(("times", "is_excused"), [(1, True), (2, False)], ids=["once", "twice"])
def test_a_machine_too_busy_to_judge_is_asked_once_more(
    places: Places, tmp_path: Path, times: int, is_excused: bool
) -> None:
    left = lay(tmp_path, {"left": str(times)}) / "left"
    is_busy = f"""
    from pathlib import Path
    from checker.harness.findings import Inconclusive
    left = Path({str(left)!r})
    if number := int(left.read_text()):
        left.write_text(str(number - 1))
        raise Inconclusive("the machine stood still")
"""
    said = '"""The word is said."""\n'
    lay(places.suite(PATH), {"test_toy.py": SUITE.replace(said, said + is_busy)})
    (proof,) = proving.prove(places, [case for case in proving.cases(places, TOY) if case.kind == "right"])
    assert proof.seen == "inconclusive: the machine stood still"
    assert (proof.is_unsteady, proof.is_red) == (is_excused, not is_excused)
    assert proof.run is not None
    assert not proving.summed_up([proof], [], strict=True).is_proven


def test_a_proven_case_is_remembered_until_its_content_changes(places: Places) -> None:
    cases = proving.cases(places, TOY)
    proving.prove(places, cases)
    assert all(proof.is_cached for proof in proving.prove(places, cases))
    (places.solutions(PATH) / "wrong" / "no" / "word.txt").write_text("never\n")
    assert [proof.is_cached for proof in proving.prove(places, cases)] == [True, True, False]
    assert not any(proof.is_cached for proof in proving.prove(places, cases, fresh=True))


def test_a_diff_is_proven_and_remembered_with_what_it_stands_on(places: Places) -> None:
    folder = places.solutions(PATH) / "wrong"
    head = "check: test_word\ncode: wrong-word\nsaw: haps\nwhy: unsure\n"
    lay(folder, {"unsure.diff": f"{head}\n--- a/word.txt\n+++ b/word.txt\n@@ -1 +1 @@\n-yes\n+perhaps\n"})
    chosen = proving.cases(places, TOY)[-1:]
    (proof,) = proving.prove(places, chosen)
    assert (proof.seen, proof.is_right) == ("test_word: wrong-word saw 'haps'", True)
    assert [proof.is_cached for proof in proving.prove(places, chosen)] == [True]
    (places.reference(PATH) / "notes.txt").write_text("new\n")
    assert [proof.is_cached for proof in proving.prove(places, chosen)] == [False]


def test_a_mistake_that_cannot_be_laid_out_stops_no_other(places: Places) -> None:
    head = "check: test_word\ncode: wrong-word\nwhy: it was true once\n"
    told = f"{head}\n--- a/word.txt\n+++ b/word.txt\n@@ -1 +1 @@\n-yea\n+nay\n"
    lay(places.solutions(PATH) / "wrong", {"misfit.diff": told})
    *_, misfit, no = proving.prove(places, proving.cases(places, TOY))
    assert misfit.is_broken
    assert "misfit.diff:7: word.txt: hunk 1 does not fit" in misfit.seen
    assert no.is_right


def test_a_finding_that_saw_something_else_is_no_proof(places: Places) -> None:
    expect = places.solutions(PATH) / "wrong" / "no" / "expect.toml"
    expect.write_text(expect.read_text() + 'saw = "perhaps"\n')
    *_, wrong = proving.prove(places, proving.cases(places, TOY))
    assert not wrong.is_right
    assert wrong.case.expected == "test_word: wrong-word at word.txt:1 saw 'perhaps'"
    assert wrong.seen == "test_word: wrong-word at word.txt:1 saw 'no'"


def test_repeats_run_beside_busy_processes_and_are_never_remembered(places: Places) -> None:
    proofs = proving.prove(places, proving.cases(places, TOY), repeat=2, load=1)
    assert len(proofs) == 6
    assert all(proof.is_right and not proof.is_cached for proof in proofs)


def test_an_expectation_without_a_code_names_the_file_and_key(places: Places) -> None:
    expect = places.solutions(PATH) / "wrong" / "no" / "expect.toml"
    expect.write_text('check = "test_word"\n')
    with pytest.raises(CourseBug, match=r"expect\.toml: key 'code' is missing"):
        proving.cases(places, TOY)


# --- where a case ends ---

LATER = '''

def test_later():
    """It breaks, later."""
    raise LookupError("later")
'''


def suite_with(places: Places, more: str) -> None:
    file = places.suite(PATH) / "test_toy.py"
    file.write_text(file.read_text() + more)


def test_a_case_that_must_fail_ends_with_its_first_failure(places: Places) -> None:
    suite_with(places, LATER)
    scaffold, right, wrong = proving.prove(places, proving.cases(places, TOY))
    assert (scaffold.is_right, wrong.is_right) == (True, True)
    assert right.seen == "broken: checker/stage_1/toy/test_toy.py:17: LookupError: later"


def test_the_whole_case_tells_a_later_check_that_is_broken(places: Places) -> None:
    suite_with(places, LATER)
    cases = proving.cases(places, TOY)
    proving.prove(places, cases)  # what the cache keeps of the short run is no proof of the whole one
    assert all(proof.is_broken for proof in proving.prove(places, cases, whole=True))


def test_a_mistake_found_at_the_very_end_is_graded_to_the_end(places: Places) -> None:
    suite_with(
        places,
        '''
def test_leaves(project, program):
    """It leaves something."""
    import sys
    leave = "import subprocess; subprocess.Popen(['sleep', '77'], start_new_session=True)"
    if (project / "leave").exists():
        program([sys.executable, "-c", leave], name="leaving").process.wait(20)
''',
    )
    mistake = places.solutions(PATH) / "wrong" / "no"
    (mistake / "leave").touch()
    (mistake / "word.txt").write_text("yes\n")
    (mistake / "expect.toml").write_text('check = "nothing_is_left_running"\ncode = "left-running"\n')
    *_, wrong = proving.prove(places, proving.cases(places, TOY))
    assert wrong.is_right, wrong.seen


# --- each check alone ---

DEPENDS = '''
WORDS = []

def test_a_word_is_kept(project):
    """A word is kept."""
    WORDS.append((project / "word.txt").read_text())

{needs}
def test_the_word_is_still_there():
    """It is still there."""
    if not WORDS:
        fail("lost", wanted="a word", saw="none")
'''


def test_a_check_that_leans_on_another_in_secret_does_not_pass_alone(places: Places) -> None:
    suite_with(places, DEPENDS.format(needs=""))
    proofs = proving.prove(places, list(choosing.each_alone(places, TOY)))
    assert {proof.case.alone: proof.seen for proof in proofs} == {
        "test_word": "passes",
        "test_a_word_is_kept": "passes",
        "test_the_word_is_still_there": "test_the_word_is_still_there: lost",
    }


def test_a_check_alone_has_what_it_needs_and_is_remembered_by_its_name(places: Places) -> None:
    says = 'from checker.harness.suite import needs\n\n@needs("test_a_word_is_kept")'
    suite_with(places, DEPENDS.format(needs=says))
    cases = list(choosing.each_alone(places, TOY))
    assert all(proof.is_right and not proof.is_cached for proof in proving.prove(places, cases))
    assert all(proof.is_cached for proof in proving.prove(places, cases))
    (right,) = (case for case in proving.cases(places, TOY) if case.kind == "right")
    assert not proving.prove(places, [right])[0].is_cached


# --- what cannot be graded ---


def test_a_template_that_cannot_be_filled_is_told_as_broken(places: Places) -> None:
    lay(places.scaffold(PATH), {"more.txt.jinja": "{{ nosuch }}"})
    proofs = proving.prove(places, proving.cases(places, TOY))
    assert all(proof.is_broken for proof in proofs)
    assert "more.txt.jinja: 'nosuch' is undefined" in proofs[0].seen


# --- what is remembered ---


def test_what_all_exercises_share_counts_and_what_others_have_does_not(places: Places) -> None:
    cases = proving.cases(places, TOY)
    proving.prove(places, cases)
    lay(places.rooms, {"exercises/stage_1/other/lesson.md": "# Other\n", "checker/stage_1/other/test_other.py": "pass"})
    assert all(proof.is_cached for proof in proving.prove(places, cases))
    lay(places.rooms, {"exercises/hints.toml": '[server-error]\nhints = ["a", "b", "c"]\n'})
    assert not any(proof.is_cached for proof in proving.prove(places, cases))


def test_the_engine_is_what_grades_and_no_screen() -> None:
    parts = {part.relative_to(ROOMS).as_posix() for part in engine_parts()}
    assert {"checker/harness", "checker/probe", "checker/grader.py", "checker/pytest.ini"} <= parts
    assert {"course/grading", "course/shared", "course/model.py", "course/pictures.py"} <= parts
    assert "course/content/scaffold.py" in parts
    assert all(part.exists() for part in engine_parts())
    kept_out = ("course/view", "course/learner", "course/authors/linting.py", "checker/stage_2", "checker/milestones")
    assert not [part for part in parts for out in kept_out if out.startswith(part) or part.startswith(out)]

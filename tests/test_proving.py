"""`learn dev check` on a small catalogue: what is right, what is wrong, what is remembered."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from course.authors import proving
from course.content.places import Places
from course.errors import CourseBug
from course.model import Exercise
from tests.grading import lay

PATH = "stage_1/toy"
SUITE = '''
"""Checks of a toy."""
from checker.harness.findings import fail
from course.model import Place

def test_word(project):
    """The word is said."""
    word = (project / "word.txt").read_text().strip()
    if word == "?":
        fail("no-word", wanted="a word", saw="none")
    if word != "yes":
        fail("wrong-word", wanted="yes", saw=word, where=Place("word.txt", 1))
'''
TOY = Exercise("stage_1", "toy", "Toy", written=True, first_check="test_word", first_code="no-word")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = {
        "checker/stage_1/toy/test_toy.py": SUITE,
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


def test_what_was_not_expected_keeps_its_run(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "proofs"))
    (tmp_path / "proofs").mkdir()
    (places.reference(PATH) / "word.txt").write_text("perhaps\n")
    scaffold, right, wrong = proving.prove(places, proving.cases(places, TOY))
    assert right.said == "perhaps"
    assert right.run is not None
    assert (right.run / "history.jsonl").is_file()
    assert (scaffold.run, wrong.run) == (None, None)
    assert list((tmp_path / "proofs").glob("learn-prove-*")) == [right.run.parent]


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
    assert (misfit.seen, misfit.is_right) == ("cannot be laid out", False)
    assert "misfit.diff:7: word.txt: hunk 1 does not fit" in misfit.said
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

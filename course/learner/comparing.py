"""One file of the learner's beside the reference's: a diff where that tells something, else the reference's whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import PurePath

CONTEXT_LINES = 3
# Below it a diff is two files shuffled into each other. One of a few lines is read with ease in any case.
ALIKE = 0.4
FEW_LINES = 20
_COMMENTS = ("#", ";", "//", "<!--")


@dataclass(frozen=True, slots=True)
class FileComparison:
    """One file of the reference: a unified diff from the learner's without its file lines, or the whole file.

    Both are empty for a file that is the learner's too. `note` says why there is no diff.
    """

    path: str
    diff: tuple[str, ...] = ()
    whole: str = ""
    note: str = ""

    @property
    def language(self) -> str:
        """The language of the whole file, as its name tells it."""
        endings = {".py": "python", ".toml": "toml", ".conf": "ini", ".ini": "ini", ".html": "html"}
        return endings.get(PurePath(self.path).suffix, "text")


def compared(path: str, theirs: str | None, reference: str, issued: str) -> FileComparison:
    """Compare the learner's file (None: there is none) with the reference's.

    The comments of the scaffold (`issued`) that told what to do are no difference: the reference has done it.
    """
    ours = reference.splitlines()
    if theirs is None:
        return FileComparison(path, whole=reference, note="only in the reference")
    numbered = list(_without_comments(theirs.splitlines(), set(issued.splitlines()) - set(ours)))
    texts = [text for _, text in numbered]
    if len(ours) > FEW_LINES and _likeness(texts, ours) < ALIKE:
        return FileComparison(path, whole=reference, note="yours is built differently")
    return FileComparison(path, tuple(_diff(numbered, ours)))


def _without_comments(lines: Sequence[str], dropped: set[str]) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without comments that are to be dropped, and the blank line that each leaves."""
    before = ""
    has_dropped = False
    for number, line in enumerate(lines, start=1):
        if line in dropped and line.lstrip().startswith(_COMMENTS):
            has_dropped = True
        elif not (has_dropped and not line.strip() and not before.strip()):
            yield number, line
            before, has_dropped = line, False


def _likeness(theirs: Sequence[str], ours: Sequence[str]) -> float:
    """From 0 to 1: how many lines the two share, blank ones aside."""
    first, second = ([line for line in lines if line.strip()] for lines in (theirs, ours))
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _diff(theirs: Sequence[tuple[int, str]], ours: Sequence[str]) -> Iterator[str]:
    texts = [text for _, text in theirs]
    for group in SequenceMatcher(None, texts, ours, autojunk=False).get_grouped_opcodes(CONTEXT_LINES):
        _, start, _, start_ours, _ = group[0]
        if all(tag == "equal" for tag, *_ in group):
            continue  # difflib has one for two empty files
        number = theirs[start][0] if start < len(theirs) else len(theirs) + 1
        yield f"@@ -{number} +{start_ours + 1} @@"
        for tag, begin, end, begin_ours, end_ours in group:
            if tag == "equal":
                yield from (f" {text}" for text in texts[begin:end])
                continue
            yield from (f"-{text}" for text in texts[begin:end])
            yield from (f"+{text}" for text in ours[begin_ours:end_ours])

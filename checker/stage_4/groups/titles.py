"""Pairs of room titles that are nearly the same, drawn for a run."""

from __future__ import annotations

import string
import unicodedata
from random import Random

LONGEST_TITLE = 300

# Titles whose digests begin alike: 40 bits of SHA-256, SHA-1, MD5, BLAKE2b and SHA-512, all of Adler-32 and CRC-32.
# So a digest cut to ten hexadecimal digits is told from a whole one.
# These are not drawn, so there are two sets of them, for two checks: the last members of one might still be named in
# the other.
ALIKE_WHEN_CUT = (
    (
        ("room 894311", "room 3577317"),
        ("room 3157866", "room 3241845"),
        ("room 1200201", "room 4130829"),
        ("room 3396007", "room 3757814"),
        ("room 1943377", "room 3510777"),
        ("room 120", "room 201"),
        ("room ahiopbahg", "room bfmbdmnjh"),
    ),
    (
        ("hall 1064539", "hall 1570674"),
        ("hall 99145", "hall 1092987"),
        ("hall 455156", "hall 951196"),
        ("hall 1214086", "hall 1432019"),
        ("hall 1999993", "hall 2714984"),
        ("hall 120", "hall 201"),
        ("hall uxddmdbaa", "hall ydbhljdaa"),
    ),
)


def near_pairs(random: Random, *, others: bool = False) -> list[tuple[str, str]]:
    """Each pair is two titles that are equal but for one thing: case, blanks, normal form, length, a character.

    With `others`, none of them is one of those without: for another check of the same run.
    """
    word, other = (_word(random, 6) for _ in range(2))
    long = _word(random, LONGEST_TITLE)
    at = random.randrange(LONGEST_TITLE // 3)
    # Drawn too: another check's rooms must not be these, or its last members might still be named.
    foxes = (word + "🦊" * LONGEST_TITLE)[: LONGEST_TITLE - 1]
    first, second = random.sample("/_-.:;,!?+#%&", 2)
    marks = 4 if others else 3  # few are drawn from: two checks would draw the same ones
    accented = f"Café {word}"
    return [
        (word, word.upper()),
        (f"Straße {word}", f"Strasse {word}"),
        (word + " ", word + "  "),
        (" " + other, other),
        (f"{word} {other}", f"{word}\t{other}"),
        (unicodedata.normalize("NFC", accented), unicodedata.normalize("NFD", accented)),
        (f"Cafe {word}", f"Cafe\u200b {word}"),
        (f"ﬁ {word}", f"fi {word}"),
        (f"{word}{first}{other}", f"{word}{second}{other}"),
        (first * marks, second * marks),
        (f"{other}*", f"{other}s"),
        (f"{other}\0a", f"{other}\0b"),
        (long, long[:at] + "#" + long[at + 1 :]),
        (long[:-1] + "#", long[:-1]),
        (foxes + "🦊", foxes + "🦉"),
        *ALIKE_WHEN_CUT[others],
    ]


def _word(random: Random, letters: int) -> str:
    return "".join(random.choices(string.ascii_lowercase, k=letters))

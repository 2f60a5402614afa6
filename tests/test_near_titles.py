"""The near titles of the chat's checks: whatever makes two titles one is met by a pair of each seed."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
import zlib
from collections.abc import Callable
from random import Random

import pytest

from checker.stage_4.groups.frames import shown_pair
from checker.stage_4.groups.titles import LONGEST_TITLE, near_pairs


def slug(title: str) -> str:
    text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", text)).strip("-_")


def cut(name: str, digits: int) -> Callable[[str], str]:
    return lambda title: hashlib.new(name, title.encode()).hexdigest()[:digits]


SAME = {
    "strip": str.strip,
    "rstrip": str.rstrip,
    "lstrip": str.lstrip,
    "lower": str.lower,
    "casefold without lower": lambda title: title.replace("ß", "ss"),
    "one blank": lambda title: " ".join(title.split()),
    "tab is a blank": lambda title: title.expandtabs(1),
    "NFC": lambda title: unicodedata.normalize("NFC", title),
    "NFD": lambda title: unicodedata.normalize("NFD", title),
    "NFKC": lambda title: unicodedata.normalize("NFKC", unicodedata.normalize("NFC", title).replace("é", "e")),
    "slug": slug,
    "punctuation": lambda title: re.sub(r"\W", "_", title),
    "first 100": lambda title: title[:100],
    "last 100": lambda title: title[-100:],
    "first 299": lambda title: title[: LONGEST_TITLE - 1],
    "1000 bytes": lambda title: title.encode()[:1000],
    "up to NUL": lambda title: title.split("\0")[0],
    "ASCII": lambda title: title.encode("ascii", "ignore"),
    "printable": lambda title: "".join(c for c in title if c.isprintable()),
    "CRC-32": lambda title: zlib.crc32(title.encode()),
    "Adler-32": lambda title: zlib.adler32(title.encode()),
    **{f"{name}, {digits} digits": cut(name, digits) for name in ("sha256", "sha1", "md5") for digits in (8, 10)},
    "blake2b, 10 digits": cut("blake2b", 10),
    "sha512, 10 digits": cut("sha512", 10),
    "sha256, 8 of base32": lambda title: base64.b32encode(hashlib.sha256(title.encode()).digest())[:8],
}


@pytest.mark.parametrize("tidy", SAME.values(), ids=SAME)
def test_a_pair_is_equal_to_whoever_tidies_titles(tidy: Callable[[str], object]) -> None:
    for seed in range(20):
        for others in (False, True):
            pairs = near_pairs(Random(seed), others=others)  # noqa: S311 - no secrets
            assert any(tidy(one) == tidy(other) for one, other in pairs)


def test_all_titles_are_different_and_allowed() -> None:
    for seed in range(200):
        titles = [title for pair in near_pairs(Random(seed)) for title in pair]  # noqa: S311
        assert len(set(titles)) == len(titles)
        assert all(1 <= len(title) <= LONGEST_TITLE and title.encode() for title in titles)


def test_a_finding_shows_the_two_of_a_pair_apart() -> None:
    for seed in range(20):
        for one, other in (shown_pair(*pair) for pair in near_pairs(Random(seed))):  # noqa: S311
            assert " ".join(one.split()) != " ".join(other.split())  # a picture folds blanks
    assert shown_pair("tea ", "tea  ") == (r"'tea\x20'", r"'tea\x20\x20'")

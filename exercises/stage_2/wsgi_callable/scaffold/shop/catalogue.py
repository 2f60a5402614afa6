"""The shop's articles, by every part of their names: made once, when this module is imported. That takes a moment."""

import csv
from collections import defaultdict
from pathlib import Path

PRICE_LIST = Path(__file__).with_name("prices.csv")


def read_index(price_list: Path) -> dict[str, set[str]]:
    """The articles in whose name a text occurs, for every text of two letters and more."""
    articles_by_text: dict[str, set[str]] = defaultdict(set)
    with price_list.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            name = row["article"]
            for start in range(len(name) - 1):
                for end in range(start + 2, len(name) + 1):
                    articles_by_text[name[start:end]].add(name)
    return dict(articles_by_text)


INDEX = read_index(PRICE_LIST)

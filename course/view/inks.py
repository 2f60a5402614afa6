"""The inks of what rich draws: bold, dim and underlined, which any background bears, and the two colours in a diff.

Rich's own are made for a dark terminal: yellow strings and bright names cannot be read on a white one.
"""

from __future__ import annotations

from rich.style import Style
from rich.syntax import ANSISyntaxTheme
from rich.theme import Theme

BOLD, DIM, PLAIN = Style(bold=True), Style(dim=True), Style()

MARKDOWN = Theme(
    {
        "markdown.code": BOLD,
        "markdown.block_quote": PLAIN,
        "markdown.list": PLAIN,
        "markdown.item.bullet": PLAIN,
        "markdown.item.number": PLAIN,
        "markdown.h1": Style(bold=True, underline=True),
        "markdown.h2": BOLD,
        "markdown.h3": BOLD,
        "markdown.h4": BOLD,
        "markdown.link": PLAIN,
        "markdown.link_url": Style(underline=True),
        "markdown.table.border": DIM,
        "markdown.table.header": BOLD,
    }
)
# By the kinds of pygments' tokens: Generic.Deleted, and so on.
SOURCE = ANSISyntaxTheme(
    {
        ("Comment",): DIM,
        ("Keyword",): BOLD,
        ("Generic", "Heading"): BOLD,
        ("Generic", "Subheading"): DIM,
        ("Generic", "Deleted"): Style(color="red"),
        ("Generic", "Inserted"): Style(color="green"),
    }
)

"""Two values of text or bytes under each other, with a caret under the first place where they differ."""

from __future__ import annotations

COLUMNS_BEFORE = 24
COLUMNS_AFTER = 30
CUT = "..."
IT_ENDS = "here it ends"


def difference(wanted: str | bytes, saw: str | bytes) -> str:
    r"""What came instead of what was wanted, as lines for a finding's `saw`.

        wanted  b'name: north\r\n'
        saw     b'name: north\n'
                             ^

    Escapes are shown as Python writes them, and of long values only what lies around the first difference. A str and
    bytes differ from the beginning.
    """
    apart = _apart(wanted, saw)
    same = _signs(wanted)[:apart]
    begins = apart - _fitting(same[::-1], COLUMNS_BEFORE)
    head = f"{CUT if begins else ''}{'' if isinstance(saw, str) else 'b'}'"
    shown = [_shown(value, begins, apart) for value in (wanted, saw)]
    column = len(head) + sum(map(len, same[begins:]))
    note = f" {IT_ENDS}" if apart == len(saw) else ""
    return f"wanted  {shown[0]}\nsaw     {shown[1]}\n        {' ' * column}^{note}"


def _apart(wanted: str | bytes, saw: str | bytes) -> int:
    """Where they differ first; the length of the shorter when one begins with the other."""
    if isinstance(wanted, str) != isinstance(saw, str):
        return 0
    pairs = zip(wanted, saw, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(wanted), len(saw)))


def _shown(value: str | bytes, begins: int, apart: int) -> str:
    signs = _signs(value)
    ends = apart + _fitting(signs[apart:], COLUMNS_AFTER)
    kind = "" if isinstance(value, str) else "b"
    return f"{CUT if begins else ''}{kind}'{''.join(signs[begins:ends])}'{CUT if ends < len(signs) else ''}"


def _fitting(signs: list[str], columns: int) -> int:
    """How many of these, from the first on, fit into so many columns."""
    used = 0
    for count, sign in enumerate(signs):
        used += len(sign)
        if used > columns:
            return count
    return len(signs)


def _signs(value: str | bytes) -> list[str]:
    """Each sign as Python writes it, always as within single quotes: so that equal signs take equal columns."""
    if isinstance(value, bytes):
        return [_written(chr(byte)) if byte < 0x80 else f"\\x{byte:02x}" for byte in value]
    return [_written(sign) for sign in value]


def _written(sign: str) -> str:
    return "\\'" if sign == "'" else repr(sign)[1:-1]

"""Given: where finished exports lie, as files. Nothing to change here; what else you keep there is yours."""

import os
from pathlib import Path

FOLDER = Path(os.environ.get("EXPORT_DIR", Path(__file__).resolve().parent.parent / "exports"))


def write(name: str, text: str) -> None:
    """Keep an export. It is there as a whole, or not at all."""
    FOLDER.mkdir(exist_ok=True)
    half = FOLDER / f"{name}.half"
    half.write_text(text, encoding="utf-8")
    half.replace(FOLDER / f"{name}.txt")


def read(name: str) -> str | None:
    """A finished export's text; None while there is none."""
    file = FOLDER / f"{name}.txt"
    return file.read_text(encoding="utf-8") if file.is_file() else None

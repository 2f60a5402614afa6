"""How the course writes to the learner's disk: files and folders whole or not at all, or one clear sentence.

Knows nothing of workspaces or exercises.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from course.errors import LearnError, MachineLacks, UsageError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError of what writes at `path` into a sentence with a remedy. Nothing is undone here."""
    try:
        yield
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: OSError) -> LearnError:
    why = (error.strerror or str(error)).lower()
    if error.errno in _FULL:
        return MachineLacks(f"{path}: {why}.", "Free some space and type it again; nothing that was there is lost.")
    if error.errno in _REFUSED:
        return UsageError(
            f"{path} cannot be written: {why}.",
            "Make its folder writable for you (`ls -ld` shows its owner and mode), or work in a copy elsewhere.",
        )
    return UsageError(f"{path} cannot be written: {why}.", "Mend that, and type it again.")


def replace_file(path: Path, content: bytes) -> None:
    """Give the file this content, whole or not at all, even when the machine loses power half-way.

    A link is written through, and the file keeps its mode. Raises MachineLacks or UsageError where the disk refuses.
    """
    with writing(path):
        target = path.resolve() if path.is_file() else path
        fresh = target.with_name(_temporary(f".{target.name}"))
        try:
            with fresh.open("wb") as file:
                if target.is_file():
                    fresh.chmod(stat.S_IMODE(target.stat().st_mode))
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)


@contextmanager
def building(folder: Path, name: str) -> Iterator[Path]:
    """An empty folder inside `folder` to build something in, to be renamed to its place when whole; gone afterwards."""
    with writing(folder):
        place = folder / _temporary(name)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def move(source: Path, destination: Path) -> None:
    """Rename a folder, making its new parents. The destination must be free, or an empty folder."""
    with writing(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        source.rename(destination)
        _sync_folder(destination.parent)


@contextmanager
def moved_contents(source: Path, destination: Path) -> Iterator[None]:
    """Rename all that lies in a folder into another, made where it is missing; the folder itself stays where it is.

    What fails, then or in the body, brings all of it back. Killed, each entry is in one of the two.
    """
    begun: list[str] = []
    is_new = not destination.exists()
    with writing(destination):
        destination.mkdir(parents=True, exist_ok=True)
    try:
        with writing(destination):
            for path in sorted(source.iterdir()):
                begun.append(path.name)
                path.rename(destination / path.name)
            _sync_folder(destination)
        yield
    except BaseException:
        for name in begun:
            if not os.path.lexists(source / name):
                (destination / name).rename(source / name)
        if is_new:
            destination.rmdir()
        raise


def abandoned(folder: Path, pattern: str = "*.new") -> Iterator[Path]:
    """What `replace_file` or `building` was making in this folder when its process was killed."""
    for path in folder.glob(pattern):
        pid = path.name.split(".")[-2]
        if pid.isdecimal() and not _is_running(int(pid)):
            yield path


def remove(path: Path) -> None:
    """Remove a file, a link or a whole folder, as far as the system lets us: for what nobody will miss."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def fingerprint(folder: Path, ignored: Callable[[str], bool]) -> str:
    """A sha256 of every name and content below the folder, but for ignored names; "" when it is no folder.

    Follows no link: where one points to counts, not what lies there. What cannot be read, or is no file (a pipe, a
    socket), counts by its name alone.
    """
    import hashlib

    if not folder.is_dir():
        return ""
    seen = hashlib.sha256()
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not ignored(name))
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted([*names, *links]):
            if not ignored(name):
                path = Path(place, name)
                for part in (os.fsencode(path.relative_to(folder)), _content(path)):
                    seen.update(hashlib.sha256(part).digest())
    return seen.hexdigest()


def _content(path: Path) -> bytes:
    import hashlib

    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return b"link to " + os.fsencode(path.readlink())
        if stat.S_ISREG(mode):
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b"unreadable"
    return b"no file"


def _temporary(name: str) -> str:
    return f"{name}.{os.getpid()}.new"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def _sync_folder(folder: Path) -> None:
    # Without it a rename may be lost with the power. Some file systems cannot sync a folder; then the files are still
    # whole, only perhaps the older ones.
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

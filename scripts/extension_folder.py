"""Keeps the folder by which tracer and datadog_lambda know that they have a Datadog extension.

Both look whether /opt/extensions/datadog-agent exists. When it does, the tracer sends each trace before
the invocation ends, as in Lambda. The emulator would run a file there; it passes over a folder.

Several runs share the folder, in one or in several clones: each holds a shared lock on it, and the last
one removes it. A lock ends with its process, so a run that was killed keeps nobody from removing it. A
folder that somebody else made, without MARK in it, is left alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

EXTENSION = Path("/opt/extensions/datadog-agent")
MARK = "made-by-the-python-lambda-weblog"


@contextmanager
def extension_folder(folder: Path = EXTENSION) -> Iterator[None]:
    """Let `folder` exist while the context lasts; raises OSError when it cannot be made."""
    lock = _share(folder)
    try:
        yield
    finally:
        if lock is not None:
            _leave(folder, lock)


def _share(folder: Path) -> int | None:
    """Make the folder if it is missing and take part in its lock; None when it is not ours."""
    while True:
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            _make(folder)
            continue
        except OSError:
            if folder.exists():
                return None
            raise
        fcntl.flock(lock, fcntl.LOCK_SH)
        # The last run may have removed the folder between the two steps.
        if _is_at(lock, folder):
            if (folder / MARK).exists():
                return lock
            os.close(lock)
            return None
        os.close(lock)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _make(folder: Path) -> None:
    """Make the folder with its mark, both at once, so that nobody finds it without."""
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.parent.mkdir()
    try:
        draft = Path(mkdtemp(dir=folder.parent))
    except FileNotFoundError:
        # Another run has just removed the parent with its own folder. The caller tries again.
        return
    draft.chmod(0o755)
    (draft / MARK).touch()
    try:
        draft.rename(folder)
    except OSError as error:
        _remove(draft)
        # Another run was faster.
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise


def _leave(folder: Path, lock: int) -> None:
    """Remove the folder unless another run holds its lock, or this user may not."""
    with suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Away in one step, so that nobody finds it without its mark.
        _remove(folder.rename(mkdtemp(dir=folder.parent)))
        folder.parent.rmdir()
    os.close(lock)


def _remove(folder: Path) -> None:
    (folder / MARK).unlink()
    folder.rmdir()

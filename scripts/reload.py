"""Watches the function's code, and tells when it has changed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchfiles import Change

SETTING = "RELOAD"
CODE = (".py", ".so")


class ReloadError(Exception):
    """The setting has a value that means nothing."""


def is_on(environment: Mapping[str, str]) -> bool:
    """Whether changes are to be watched for; raises ReloadError."""
    text = (environment.get(SETTING) or "true").lower()
    if text not in ("true", "1", "false", "0"):
        raise ReloadError(f"{SETTING} is {text!r}; valid are: true, 1, false, 0")
    return text in ("true", "1")


def call_on_change(changed: Callable[[Sequence[str]], None], trees: Iterable[Path], root: Path) -> None:
    """Call `changed` with the files that changed, in these trees and in the function's folder, `root`.

    Of `root` only what may be the function's is watched, because it may be somebody's home. Called in threads
    of its own, from now on until the process ends; errors that it raises end that.
    """
    # Imported here, so that `--help` works before anything is installed.
    from watchfiles import watch

    packages = [path for path in root.iterdir() if not path.name.startswith(".") and any(path.glob("*.py"))]
    if root.samefile("."):
        # The weblog's own: the rest of its folder is not the function's.
        packages = []

    def follow(paths: Iterable[Path], *, recursive: bool) -> None:
        try:
            for changes in watch(
                *paths, recursive=recursive, watch_filter=_is_code, raise_interrupt=False, step=20
            ):
                changed(sorted({path for _, path in changes}))
        except (OSError, RuntimeError) as error:
            sys.stderr.write(f"note: changes are not seen ({error}); start this again after one\n")

    for paths, recursive in ([*trees, *packages], True), ([root], False):
        threading.Thread(target=follow, args=(paths,), kwargs={"recursive": recursive}, daemon=True).start()


def _is_code(_change: Change, path: str) -> bool:
    return path.endswith(CODE)

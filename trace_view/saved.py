"""Events and requests that the user keeps: one JSON file each, in a folder of theirs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from trace_view.errors import ApiError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}")


@dataclass(frozen=True)
class Saved:
    """The folder, which is made with the first file in it."""

    folder: Path

    def names(self) -> list[str]:
        """The names of what is kept, in order."""
        return sorted(file.stem for file in self.folder.glob("*.json") if NAME.fullmatch(file.stem))

    def read(self, name: str) -> object:
        """What is kept under this name; raises ApiError."""
        file = self._file(name)
        try:
            document: object = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ApiError(404, f"nothing is saved as {name!r}") from None
        except (OSError, ValueError) as error:
            raise ApiError(400, f"{file} cannot be read: {error}") from error
        return document

    def write(self, name: str, document: object) -> None:
        """Keep this, in place of what had the name; raises ApiError."""
        file = self._file(name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{json.dumps(document, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
        except OSError as error:
            raise ApiError(400, f"{file} cannot be written: {error.strerror}") from error

    def delete(self, name: str) -> None:
        """Forget it; raises ApiError."""
        try:
            self._file(name).unlink()
        except FileNotFoundError:
            raise ApiError(404, f"nothing is saved as {name!r}") from None
        except OSError as error:
            raise ApiError(400, f"{name!r} cannot be deleted: {error.strerror}") from error

    def _file(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise ApiError(
                400,
                f"the name is {name!r}; valid are up to 100 letters, digits, spaces and . _ -,"
                " with a letter or a digit first",
            )
        return self.folder / f"{name}.json"

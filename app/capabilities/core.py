"""What the core endpoints do beyond answering."""

from __future__ import annotations

from pathlib import Path


def file_content(path: str) -> str:
    """The file's text, with a replacement character for what is not UTF-8; OSError where there is none."""
    return Path(path).read_text(errors="replace")

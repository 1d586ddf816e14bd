"""Tells what is known about a request, in the output, to whoever writes the access log.

`./run.sh` and the dev image make one line a request of what the programs tell (scripts/access_log.py).
Elsewhere nothing is told. The lambda proxy and the trace agent use this module too.
"""

from __future__ import annotations

import json
import os
import sys

SETTING = "ACCESS_LOG"
"""Set by who reads what is told, to a word by which it is known in the output."""
LONGEST = 2000
"""Characters of a string that are told: a line has to fit into one write to a pipe."""

_word = os.environ.get(SETTING)


def is_told() -> bool:
    """Whether somebody writes an access log."""
    return bool(_word)


def tell(teller: str, request_id: str | None, **facts: object) -> None:
    """Write what `teller` (`proxy`, `invoke_api` or `trace`) knows; without the setting, do nothing."""
    if not _word:
        return
    known = {"teller": teller, "request_id": request_id, **facts}
    short = {name: value[:LONGEST] if isinstance(value, str) else value for name, value in known.items()}
    sys.stderr.write(f"{mark(_word)}{json.dumps(short)}\n")
    sys.stderr.flush()


def mark(word: str) -> str:
    """What stands before the JSON object that is told. Text without a line's end may stand before that."""
    return f"\x1e{word} "

"""Function names as the Invoke API takes them: plain, qualified, partial ARN, full ARN."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The pattern that AWS's API reference gives for FunctionName.
NAME = re.compile(
    r"(arn:(aws[a-zA-Z-]*):lambda:)?((?P<region>[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}):)?"
    r"((?P<account>\d{12}):)?(function:)?(?P<name>[a-zA-Z0-9-_.]+)(:(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)
LATEST = "$LATEST"


@dataclass(frozen=True)
class FunctionName:
    """A function's name and the qualifier that came with it."""

    name: str
    qualifier: str


def parse_name(text: str, qualifier: str = "") -> FunctionName:
    """Read a FunctionName and the Qualifier beside it; ValueError for what AWS would not take."""
    match = NAME.fullmatch(text)
    if match is None or len(text) > 170:
        raise ValueError(
            f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint:"
            f" Member must satisfy regular expression pattern: {NAME.pattern}"
        )
    own = match["qualifier"] or ""
    if own and qualifier and own != qualifier:
        raise ValueError(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionName(match["name"], own or qualifier or LATEST)

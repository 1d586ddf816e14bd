"""Filter criteria: which records reach the function.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Pattern = dict[str, Any]
Value = Any
"""Any JSON value, of a record or of a pattern."""


class FilterError(Exception):
    """A filter that AWS would not take; the message names what is wrong."""


@dataclass(frozen=True)
class Filters:
    """Patterns, of which a record has to match one; without any pattern every record passes."""

    patterns: tuple[Pattern, ...] = ()

    @classmethod
    def parse(cls, criteria: object) -> Filters:
        """The filters of `{"Filters": [{"Pattern": "..."}]}`; raises FilterError."""
        try:
            texts = [item["Pattern"] for item in criteria["Filters"]]  # type: ignore[index]
            patterns = [json.loads(text) for text in texts]
        except (KeyError, TypeError) as error:
            raise FilterError('valid is an object such as {"Filters": [{"Pattern": "{...}"}]}') from error
        except ValueError as error:
            raise FilterError(f"a Pattern is not JSON: {error}") from error
        for pattern in patterns:
            _check(pattern)
        return cls(tuple(patterns))

    def match(self, record: dict[str, Any], content: str | None = None) -> bool:
        """Whether a record passes.

        `content` names the key of the record that holds text (`body`, `data`): a pattern that has an
        object there is compared with the JSON in the text, and a pattern with a list with the text.
        """
        return not self.patterns or any(_passes(pattern, record, content) for pattern in self.patterns)


def _passes(pattern: Pattern, record: dict[str, Any], content: str | None) -> bool:
    if content in pattern and isinstance(pattern[content], dict):
        try:
            record = {**record, content: json.loads(record[content])}
        except ValueError:
            return False
    return matches(pattern, record)


def matches(pattern: Pattern, value: object) -> bool:
    """Whether a JSON object has everything that the pattern asks for."""
    if not isinstance(value, dict):
        return False
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(one, value) for one in wanted):
                return False
        elif isinstance(wanted, dict):
            if not matches(wanted, value.get(key)):
                return False
        elif not _matches_one(wanted, value, key):
            return False
    return True


def _matches_one(wanted: list[Any], holder: dict[str, Any], key: str) -> bool:
    present = key in holder
    # Of a list one element has to match.
    values = holder[key] if present and isinstance(holder[key], list) else [holder.get(key)]
    return any(_rule(rule, value, present=present) for rule in wanted for value in values)


def _rule(rule: Value, value: Value, *, present: bool) -> bool:
    if not isinstance(rule, dict):
        return present and type(rule) is type(value) and rule == value
    ((name, argument),) = rule.items()
    return _OPERATORS[name](argument, value, present)


def _anything_but(argument: Value, value: Value, present: bool) -> bool:
    if isinstance(argument, dict):
        return present and not _rule(argument, value, present=True)
    return present and value not in (argument if isinstance(argument, list) else [argument])


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _numeric(argument: list[Any], value: Value, present: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(_COMPARISONS[sign](value, limit) for sign, limit in pairs)


_OPERATORS: dict[str, Callable[[Any, Any, bool], bool]] = {
    "exists": lambda argument, value, present: present is argument,
    "prefix": lambda argument, value, present: isinstance(value, str) and value.startswith(argument),
    "suffix": lambda argument, value, present: isinstance(value, str) and value.endswith(argument),
    "equals-ignore-case": lambda argument, value, present: (
        isinstance(value, str) and value.lower() == argument.lower()
    ),
    "anything-but": _anything_but,
    "numeric": _numeric,
}


def _check(pattern: object) -> None:
    """Raise FilterError for a pattern that `matches` could not work with."""
    if not isinstance(pattern, dict):
        raise FilterError(f"a Pattern is an object, not {pattern!r:.100}")
    for key, wanted in pattern.items():
        if key == "$or":
            if not isinstance(wanted, list):
                raise FilterError("$or takes a list of objects")
            for one in wanted:
                _check(one)
        elif isinstance(wanted, dict):
            _check(wanted)
        elif isinstance(wanted, list):
            for rule in wanted:
                _check_rule(key, rule)
        else:
            raise FilterError(f"{key} is {wanted!r}; valid are lists of values, and objects")


def _check_rule(key: str, rule: object) -> None:
    if not isinstance(rule, dict):
        return
    if len(rule) != 1 or not rule.keys() <= _OPERATORS.keys():
        raise FilterError(f"{key} has the rule {rule!r:.100}; valid are: {', '.join(_OPERATORS)}")
    ((name, argument),) = rule.items()
    if name == "anything-but" and isinstance(argument, dict):
        _check_rule(key, argument)
    elif name in ("prefix", "suffix", "equals-ignore-case") and not isinstance(argument, str):
        raise FilterError(f"{key}: {name} takes a string")
    elif name == "exists" and not isinstance(argument, bool):
        raise FilterError(f"{key}: exists takes true or false")
    elif name == "numeric" and not _is_comparison(argument):
        raise FilterError(
            f'{key}: numeric takes a list such as [">", 0, "<=", 5], with {", ".join(_COMPARISONS)}'
        )


def _is_comparison(argument: object) -> bool:
    return (
        isinstance(argument, list)
        and len(argument) in (2, 4)
        and all(isinstance(sign, str) and sign in _COMPARISONS for sign in argument[::2])
        and all(isinstance(limit, int | float) for limit in argument[1::2])
    )

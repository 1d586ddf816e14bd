"""Filter patterns, by the operators of AWS's page.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from event_sources.filters import FilterError, Filters

RECORD = {
    "eventName": "INSERT",
    "none": None,
    "empty": "",
    "price": 5,
    "tags": ["red", "blue"],
    "flag": True,
    "dynamodb": {"Keys": {"id": {"S": "abc"}}},
    "body": '{"kind": "order", "amount": 12.5}',
}


def filters(*patterns: Any) -> Filters:
    return Filters.parse({"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]})


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({}, True),
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["insert"]}, False),
        ({"eventName": ["MODIFY", "INSERT"]}, True),
        ({"eventName": ["INSERT"], "price": [6]}, False),
        ({"none": [None]}, True),
        ({"missing": [None]}, False),
        ({"empty": [""]}, True),
        ({"flag": [True]}, True),
        ({"flag": [1]}, False),
        ({"price": [5]}, True),
        ({"price": ["5"]}, False),
        ({"tags": ["blue"]}, True),
        ({"tags": ["green"]}, False),
        ({"missing": [{"exists": False}]}, True),
        ({"price": [{"exists": False}]}, False),
        ({"price": [{"exists": True}]}, True),
        ({"eventName": [{"prefix": "INS"}]}, True),
        ({"eventName": [{"suffix": "ERT"}]}, True),
        ({"eventName": [{"prefix": "ERT"}]}, False),
        ({"price": [{"prefix": "5"}]}, False),
        ({"eventName": [{"equals-ignore-case": "insert"}]}, True),
        ({"eventName": [{"anything-but": ["MODIFY"]}]}, True),
        ({"eventName": [{"anything-but": "INSERT"}]}, False),
        ({"eventName": [{"anything-but": {"prefix": "INS"}}]}, False),
        ({"price": [{"numeric": [">", 4, "<=", 5]}]}, True),
        ({"price": [{"numeric": ["=", 6]}]}, False),
        ({"eventName": [{"numeric": ["=", 6]}]}, False),
        ({"flag": [{"numeric": ["=", 1]}]}, False),
        ({"dynamodb": {"Keys": {"id": {"S": ["abc"]}}}}, True),
        ({"dynamodb": {"Keys": {"id": {"S": ["abd"]}}}}, False),
        ({"eventName": {"deeper": ["INSERT"]}}, False),
        ({"$or": [{"price": [6]}, {"flag": [True]}]}, True),
        ({"$or": [{"price": [6]}, {"flag": [False]}]}, False),
        ({"body": {"kind": ["order"], "amount": [{"numeric": [">", 12]}]}}, True),
        ({"body": {"kind": ["refund"]}}, False),
        ({"body": [RECORD["body"]]}, True),
    ],
)
def test_a_pattern(pattern: Any, passes: bool) -> None:
    assert filters(pattern).match(RECORD, content="body") is passes


def test_one_of_several_patterns_is_enough() -> None:
    assert filters({"price": [6]}, {"price": [5]}).match(RECORD)
    assert not filters({"price": [6]}, {"price": [7]}).match(RECORD)
    assert filters().match(RECORD)


@pytest.mark.parametrize("body", ["no JSON", "[1]", "1"])
def test_a_body_that_is_not_an_object(body: str) -> None:
    assert not filters({"body": {"kind": ["order"]}}).match({"body": body}, content="body")


@pytest.mark.parametrize(
    ("criteria", "said"),
    [
        ({}, "valid is an object such as"),
        ("text", "valid is an object such as"),
        ({"Filters": [{"Pattern": "{"}]}, "not JSON"),
        ({"Filters": [{"Pattern": "[]"}]}, "a Pattern is an object"),
        ({"Filters": [{"Pattern": '{"a": 1}'}]}, "a is 1; valid are lists of values, and objects"),
        ({"Filters": [{"Pattern": '{"a": [{"like": "b"}]}'}]}, "valid are: exists, prefix"),
        ({"Filters": [{"Pattern": '{"a": [{"prefix": 1}]}'}]}, "prefix takes a string"),
        ({"Filters": [{"Pattern": '{"a": [{"exists": 1}]}'}]}, "exists takes true or false"),
        ({"Filters": [{"Pattern": '{"a": [{"numeric": ["!", 1]}]}'}]}, "numeric takes a list"),
        ({"Filters": [{"Pattern": '{"a": [{"anything-but": {"like": 1}}]}'}]}, "valid are: exists, prefix"),
        ({"Filters": [{"Pattern": '{"$or": {}}'}]}, "$or takes a list"),
    ],
)
def test_a_wrong_pattern(criteria: object, said: str) -> None:
    with pytest.raises(FilterError) as error:
        Filters.parse(criteria)
    assert said in str(error.value)

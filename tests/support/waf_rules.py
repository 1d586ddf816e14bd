"""A rules file for AppSec: the tracer's own rules, and some that block, as a scenario brings them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ddtrace.appsec

Rule = dict[str, Any]


def rule(name: str, address: str, *, action: str | None, key: str | None = None, **operator: Any) -> Rule:
    """A rule that matches one address, and blocks or redirects when there is an action."""
    where: dict[str, Any] = {"address": address}
    if key:
        where["key_path"] = [key]
    ((kind, parameters),) = operator.items()
    return {
        "id": name,
        "name": name,
        "tags": {"type": "test", "category": "attack_attempt"},
        "conditions": [{"operator": kind, "parameters": {"inputs": [where], **parameters}}],
        "transformers": [],
        **({"on_match": [action]} if action else {}),
    }


def phrase(text: str) -> dict[str, Any]:
    """Parameters of the operator that looks for a phrase."""
    return {"list": [text]}


BLOCKING: list[Rule] = [
    rule("block-header", "server.request.headers.no_cookies", action="block", key="user-agent",
         phrase_match=phrase("BlockMe/v1")),
    rule("block-cookie", "server.request.cookies", action="block", phrase_match=phrase("block-this-cookie")),
    rule("block-query", "server.request.query", action="block", phrase_match=phrase("block-this-query")),
    rule("block-body", "server.request.body", action="block", phrase_match=phrase("block-this-body")),
    rule("block-path", "server.request.uri.raw", action="block", phrase_match=phrase("/block-this-path")),
    rule("block-path-parameter", "server.request.path_params", action="block",
         phrase_match=phrase("block-this-parameter")),
    rule("redirect-query", "server.request.query", action="redirect", phrase_match=phrase("redirect-this")),
    rule("block-status", "server.response.status", action="block", phrase_match=phrase("418")),
    rule("block-response-header", "server.response.headers.no_cookies", action="block",
         key="content-language", phrase_match=phrase("kl-GL")),
    rule("block-user", "usr.id", action="block", exact_match=phrase("blockedUser")),
]  # fmt: skip


def write_rules(path: Path) -> None:
    """Write the rules file; the rules of exploit prevention block, too."""
    rules = json.loads((Path(ddtrace.appsec.__file__).parent / "rules.json").read_text())
    for known in rules["rules"]:
        if known["id"].startswith("rasp-"):
            known["on_match"] = ["stack_trace", "block"]
    rules["rules"] += BLOCKING
    rules["actions"] = [
        {
            "id": "redirect",
            "type": "redirect_request",
            "parameters": {"status_code": 303, "location": "/you-have-been-blocked"},
        }
    ]
    path.write_text(json.dumps(rules))

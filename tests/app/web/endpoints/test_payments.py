"""Payments with Stripe's client, against a small Stripe of the tests' own."""

from __future__ import annotations

import hmac
import json
import sys
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.app.conftest import Handled
from tests.support.events import EVENT_TYPES
from tests.support.function import Function, Trace

pytest.importorskip("stripe", reason="stripe is not installed; pip install -r requirements-drivers.txt")

REST = EVENT_TYPES[0]
JSON = ("Content-Type", "application/json")

SESSION = {
    "mode": "payment",
    "client_reference_id": "client-1",
    "customer_email": "someone@example.com",
    "discounts": [{"coupon": "co_1", "promotion_code": "promo_1"}],
    "line_items": [
        {
            "price_data": {"currency": "eur", "product_data": {"name": "test"}, "unit_amount": 500},
            "quantity": 10,
        }
    ],
    "shipping_options": [
        {
            "shipping_rate_data": {
                "display_name": "test",
                "fixed_amount": {"amount": 50, "currency": "eur"},
                "type": "fixed_amount",
            }
        }
    ],
}
INTENT = {"amount": 420, "currency": "eur", "payment_method": "pm_FAKE", "receipt_email": "a@example.com"}

PAID = {"id": "pi_FAKE", "object": "payment_intent", "amount": 420, "currency": "eur", "livemode": True}
ERROR = {
    "code": "card_declined",
    "decline_code": "stolen_card",
    "payment_method": {"id": "pm_1", "object": "payment_method", "type": "card"},
}
# The event, what is in it, and the tags that come of it.
EVENTS: dict[str, tuple[dict[str, Any], dict[str, object]]] = {
    "payment_intent.succeeded": ({"payment_method": "pm_FAKE"}, {"success.payment_method": "pm_FAKE"}),
    "payment_intent.payment_failed": (
        {"last_payment_error": ERROR},
        {
            "failure.last_payment_error.code": "card_declined",
            "failure.last_payment_error.decline_code": "stolen_card",
            "failure.last_payment_error.payment_method.id": "pm_1",
            "failure.last_payment_error.payment_method.type": "card",
        },
    ),
    "payment_intent.canceled": (
        {"cancellation_reason": "requested_by_customer"},
        {"cancellation.cancellation_reason": "requested_by_customer"},
    ),
}


def signed(kind: str, more: dict[str, Any], secret: bytes = b"whsec_FAKE") -> dict[str, Any]:
    """The parts of a request with which Stripe sends an event; odd blanks are a part of what is signed."""
    event = {"id": "evt_1", "object": "event", "type": kind, "data": {"object": {**PAID, **more}}}
    body = json.dumps(event, indent=3, ensure_ascii=False).encode() + b" \n"
    now = str(int(time.time()))
    signature = hmac.new(secret, now.encode() + b"." + body, "sha256").hexdigest()
    headers = (JSON, ("Stripe-Signature", f"t={now},v1={signature}"))
    return {"path": "/stripe/webhook", "method": "POST", "body": body, "headers": headers}


def test_a_checkout_session(services_client: FlaskClient) -> None:
    response = services_client.post("/stripe/create_checkout_session", json=SESSION)
    assert response.status_code == 200
    session = response.get_json()
    assert (session["id"], session["amount_total"], session["currency"]) == ("cs_FAKE", 5050, "eur")
    assert session["discounts"] == SESSION["discounts"]


def test_a_payment_intent(services_client: FlaskClient) -> None:
    response = services_client.post("/stripe/create_payment_intent", json=INTENT)
    assert response.status_code == 200
    assert response.get_json() == {"id": "pi_FAKE", "object": "payment_intent", "livemode": True, **INTENT}


@pytest.mark.parametrize("path", ["/stripe/create_checkout_session", "/stripe/create_payment_intent"])
class TestFailures:
    """What both calls have in common where they fail."""

    def test_stripe_refuses(self, services_client: FlaskClient, path: str) -> None:
        response = services_client.post(path, json={})
        assert response.status_code == 500
        assert response.text.startswith(("line_items[0] is incomplete", "amount is required"))

    def test_no_stripe(self, handled: Handled, path: str) -> None:
        response = handled(path, method="POST", body=b"{}", headers=(JSON,))
        assert (response.status, response.headers["content-type"]) == (500, ["text/plain"])

    @pytest.mark.parametrize("body", [b"", b"x", b"[]"])
    def test_a_wrong_body(self, handled: Handled, path: str, body: bytes) -> None:
        response = handled(path, method="POST", body=body, headers=(JSON,))
        assert (response.status, response.body[:13]) == (400, b"the body must")

    def test_no_package(self, handled: Handled, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
        monkeypatch.setitem(sys.modules, "stripe", None)
        response = handled(path, method="POST", body=b"{}", headers=(JSON,))
        assert response.status == 501
        assert response.body.startswith(b"the package stripe is not installed")


@pytest.mark.parametrize("kind", EVENTS)
def test_a_webhook(handled: Handled, kind: str) -> None:
    more, _ = EVENTS[kind]
    response = handled(**signed(kind, {**more, "description": "Käse"}))
    assert (response.status, response.json) == (200, {**PAID, **more, "description": "Käse"})


def test_a_webhook_of_somebody_else(handled: Handled) -> None:
    event = signed("payment_intent.canceled", {}, b"whsec_OTHER")
    assert handled(**event).status == 403
    assert handled(**{**event, "headers": (JSON,)}).status == 403


@pytest.mark.parametrize("body", [b"", b"x", b"\xff\xfe"])
def test_a_webhook_with_another_body(services_client: FlaskClient, body: bytes) -> None:
    headers = dict(signed("payment_intent.canceled", {})["headers"])
    assert services_client.post("/stripe/webhook", data=body, headers=headers).status_code == 403


@pytest.mark.emulator
class TestSpans:
    """What the tracer reports of a payment."""

    def tags(self, trace: Trace) -> dict[str, object]:
        """The tags of the payment, without their common beginning."""
        prefix = "appsec.events.payments."
        found: dict[str, object] = {**trace.meta, **trace.metrics}
        return {name[len(prefix) :]: value for name, value in found.items() if name.startswith(prefix)}

    def post(self, function: Function, **request: Any) -> dict[str, object]:
        """The tags that a POST leaves; the trace of a payment is kept."""
        response, trace = function.request(REST, **{"method": "POST", "headers": (JSON,), **request})
        assert response.status == 200
        assert trace.spans[0]["metrics"]["_sampling_priority_v1"] == 2
        return self.tags(trace)

    def test_a_checkout_session(self, with_services: Function) -> None:
        body = json.dumps(SESSION).encode()
        tags = self.post(with_services, path="/stripe/create_checkout_session", body=body)
        assert (
            tags.items()
            >= {
                "integration": "stripe",
                "creation.id": "cs_FAKE",
                "creation.amount_total": 5050,
                "creation.client_reference_id": "client-1",
                "creation.currency": "eur",
                "creation.discounts.coupon": "co_1",
                "creation.discounts.promotion_code": "promo_1",
                "creation.livemode": 1,
                "creation.total_details.amount_discount": 0,
                "creation.total_details.amount_shipping": 50,
            }.items()
        )

    def test_a_payment_intent(self, with_services: Function) -> None:
        body = json.dumps(INTENT).encode()
        tags = self.post(with_services, path="/stripe/create_payment_intent", body=body)
        assert (
            tags.items()
            >= {
                "integration": "stripe",
                "creation.id": "pi_FAKE",
                "creation.amount": 420,
                "creation.currency": "eur",
                "creation.livemode": 1,
                "creation.payment_method": "pm_FAKE",
            }.items()
        )

    @pytest.mark.parametrize("kind", EVENTS)
    def test_a_webhook(self, with_services: Function, kind: str) -> None:
        more, expected = EVENTS[kind]
        tags = self.post(with_services, **signed(kind, more))
        assert tags.items() >= {"integration": "stripe", **expected}.items()

    def test_a_webhook_that_is_not_taken(self, with_services: Function) -> None:
        event = signed("payment_intent.canceled", {}, b"whsec_OTHER")
        response, trace = with_services.request(REST, **event)
        assert (response.status, self.tags(trace)) == (403, {})

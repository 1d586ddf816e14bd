"""Payments: Stripe's client, against the Stripe that a test scenario brings.

The package `stripe` is optional; without it each answers 501.
"""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.capabilities import payments as capability
from app.capabilities.errors import InvalidEvent, PaymentFailed
from app.web.inputs import json_object, settings
from app.web.responses import json_document, plain_text

bp = Blueprint("payments", __name__)


@bp.post("/stripe/create_checkout_session")
def create_checkout_session() -> Response:
    """Create a checkout session.

    Body: JSON, an object of the parameters, as Stripe's client takes them.

    200: JSON, the session, as Stripe's client has it.
    400: the body is not a JSON object.
    500: `text/plain`, why Stripe did not create it.
    501: `text/plain`, the package that is missing.
    Span: where the session's `mode` is `payment`: `appsec.events.payments.integration` is `stripe`,
    `appsec.events.payments.creation.*`, and the trace is kept.
    """
    return json_document(capability.create_checkout_session(settings().internal_server_url, json_object()))


@bp.post("/stripe/create_payment_intent")
def create_payment_intent() -> Response:
    """Create a payment intent.

    Body: JSON, an object of the parameters, as Stripe's client takes them.

    200: JSON, the payment intent, as Stripe's client has it.
    400: the body is not a JSON object.
    500: `text/plain`, why Stripe did not create it.
    501: `text/plain`, the package that is missing.
    Span: `appsec.events.payments.integration` is `stripe`, `appsec.events.payments.creation.*`, and the
    trace is kept.
    """
    return json_document(capability.create_payment_intent(settings().internal_server_url, json_object()))


@bp.post("/stripe/webhook")
def webhook() -> Response:
    """Take an event that Stripe sends, if its signature is right.

    Body: the event, in exactly the bytes that were signed with `whsec_FAKE`.
    Header: `Stripe-Signature`.

    200: JSON, the event's `data.object`.
    403: `text/plain`, what is wrong with the signature or the body.
    501: `text/plain`, the package that is missing.
    Span: `appsec.events.payments.integration` is `stripe`, and `appsec.events.payments.success.*`,
    `...failure.*` or `...cancellation.*` for the three events of a payment intent.
    """
    return json_document(capability.webhook(request.get_data(), request.headers.get("Stripe-Signature", "")))


@bp.errorhandler(PaymentFailed)
def failed(error: PaymentFailed) -> Response:
    """Why Stripe did not do it."""
    return plain_text(f"{error}\n", 500)


@bp.errorhandler(InvalidEvent)
def invalid(error: InvalidEvent) -> Response:
    """Why the event is not taken."""
    return plain_text(f"{error}\n", 403)

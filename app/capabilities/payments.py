"""Takes payments with Stripe's client, whose calls the tracer reports.

The package is optional: without it the functions raise MissingPackage.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from app.capabilities.errors import InvalidEvent, PaymentFailed
from app.clients.packages import import_package

# Neither is a secret: they are what a test suite's Stripe and its webhooks expect.
_API_KEY = "sk_FAKE"
_WEBHOOK_SECRET = "whsec_FAKE"  # noqa: S105


def create_checkout_session(stripe_url: str, parameters: Mapping[str, object]) -> dict[str, Any]:
    """Create a checkout session; Stripe's own object."""
    return _create("v1.checkout.sessions", stripe_url, parameters)


def create_payment_intent(stripe_url: str, parameters: Mapping[str, object]) -> dict[str, Any]:
    """Create a payment intent; Stripe's own object."""
    return _create("v1.payment_intents", stripe_url, parameters)


def webhook(body: bytes, signature: str) -> dict[str, Any]:
    """The object of the event that Stripe sent: the body, byte for byte, and its `Stripe-Signature`."""
    stripe = import_package("stripe", "stripe")
    try:
        event = stripe.Webhook.construct_event(body, signature, _WEBHOOK_SECRET)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise InvalidEvent(str(error)) from error
    document: dict[str, Any] = event.data.object.to_dict(for_json=True)
    return document


def _create(service: str, stripe_url: str, parameters: Mapping[str, object]) -> dict[str, Any]:
    stripe = import_package("stripe", "stripe")
    client = stripe.StripeClient(_API_KEY, base_addresses={"api": stripe_url}, max_network_retries=0)
    try:
        document: dict[str, Any] = attrgetter(service)(client).create(parameters).to_dict(for_json=True)
    except stripe.StripeError as error:
        raise PaymentFailed(str(error)) from error
    return document

"""The errors of capabilities for which an endpoint has an answer of its own.

They are here and not with their capabilities, because Flask wants them when the app is made, and the
capabilities are imported later.
"""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - says what happened
    """S3 does not take such a bucket or key; the message says why."""


class DataStreamsOff(Exception):  # noqa: N818 - says what happened
    """The tracer does not monitor data streams; the message says how to turn it on."""

    def __init__(self) -> None:
        super().__init__("Data Streams Monitoring is off; set DD_DATA_STREAMS_ENABLED=true")


class InvalidPathway(Exception):  # noqa: N818 - says what happened
    """The pathway that came with a message cannot be read; the message says why."""


class Unsupported(Exception):  # noqa: N818 - says what happened
    """No such combination of driver and operation; the message lists the valid ones."""


class PaymentFailed(Exception):  # noqa: N818 - says what happened
    """Stripe refused the call or did not answer; the message says why."""


class InvalidEvent(Exception):  # noqa: N818 - says what happened
    """The webhook's body is not what Stripe signed; the message says why."""


class MissingSdk(Exception):  # noqa: N818 - says what happened
    """The tracer is too old for the second version of its SDK, `ddtrace.appsec.track_user_sdk`."""

"""The oddities of the tracer that docs/findings.md tells of: when one is mended, its test here says so."""

from __future__ import annotations

import pytest

from tests.support.events import EVENT_TYPES, EventType, HttpRequest
from tests.support.function import Function, Functions

pytestmark = pytest.mark.emulator

REST, HTTP, URL, ALB, ALB_MULTI = EVENT_TYPES

ODD_VIEWS = """
from app.capabilities import login
from app.handler import app, lambda_handler as answer

def leave():
    raise SystemExit(4)

app.add_url_rule("/exit", view_func=leave)

def report_first():
    login.SdkEvent(succeeded=True, user_id="sdkUser", email=None, exists=True).report()
    login.log_in("test", "1234")
    return "OK"

app.add_url_rule("/report-first", view_func=report_first)

def lambda_handler(event, context):
    return None if event.get("path") == "/none" else answer(event, context)
"""


@pytest.fixture
def function(functions: Functions) -> Function:
    """The function with AppSec, and two odd paths."""
    folder = functions.starter.folder
    (folder / "odd.py").write_text(ODD_VIEWS)
    return functions(PYTHONPATH=str(folder), DD_LAMBDA_HANDLER="odd.lambda_handler")


@pytest.mark.parametrize("event_type", [ALB, ALB_MULTI], ids=lambda known: known.name)
def test_an_alb_query_reaches_the_waf_encoded(function: Function, event_type: EventType) -> None:
    encoded = "file=..%2F..%2Fetc%2Fpasswd"
    response, trace = function.request(event_type, path="/rasp/lfi", query=encoded)
    assert "../../etc/passwd" in response.body.decode(), "the view got it decoded"
    assert "rasp-930-100" not in trace.rules
    _, trace = function.request(REST, path="/rasp/lfi", query=encoded)
    assert "rasp-930-100" in trace.rules


def test_a_system_exit_is_swallowed(function: Function) -> None:
    assert function.invoke(REST.event(HttpRequest(path="/exit"))) is None


def test_a_result_of_none_is_a_502(function: Function) -> None:
    result, trace = function.traced(REST.event(HttpRequest(path="/none")))
    assert result is None
    assert trace.meta["http.status_code"] == "502"


def test_a_service_of_its_own_doubles_appsec(functions: Functions) -> None:
    _, trace = functions(DD_FLASK_SERVICE="other").request(
        REST, path="/waf", headers=(("User-Agent", "Arachni/v1"),)
    )
    assert trace.one("flask.request")["service"] == "other"
    assert trace.one("flask.request")["metrics"]["_dd.appsec.enabled"] == 1
    assert trace.metrics["_dd.appsec.enabled"] == 1


@pytest.mark.xfail(strict=True, reason="An automated event overwrites the SDK's")
def test_an_automated_event_overwrites_the_sdks(function: Function) -> None:
    _, trace = function.request(REST, path="/report-first")
    assert trace.meta["usr.id"] == "sdkUser"

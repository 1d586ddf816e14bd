"""Invokes from several clients at once: clients.py EVENT CLIENTS INVOCATIONS. Standard library only.

Each invocation's query has its own number, which the weblog's /tag_value endpoint gives back as a header.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

EVENT, CLIENTS, INVOCATIONS = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def invoke(number: int) -> str:
    """What is wrong with the answer to this invocation, if anything."""
    event = {**EVENT, "queryStringParameters": {"x-number": str(number)}}
    connection = HTTPConnection("127.0.0.1", 8080, timeout=120)
    connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps(event))
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    try:
        headers = {name.lower(): value for name, value in json.loads(body)["headers"].items()}
        return "" if headers["x-number"] == str(number) else f"{number}: {headers['x-number']}"
    except (KeyError, ValueError):
        return f"{number}: {response.status} {body[:200]}"


with ThreadPoolExecutor(CLIENTS) as pool:
    verdicts = list(pool.map(invoke, range(INVOCATIONS)))
sys.stdout.write(
    json.dumps({"answered": len(verdicts), "wrong": [verdict for verdict in verdicts if verdict][:5]})
)

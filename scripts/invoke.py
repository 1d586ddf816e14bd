"""Invokes the function once through an Invoke API: invoke.py ADDRESS PAYLOAD; prints the answer.

Exits with 1 when there is no answer or it is an error.
"""

from __future__ import annotations

import http.client
import json
import sys
from urllib.parse import urlsplit


def main(address: str, payload: str) -> str | None:
    """Print the result; an error message when there is none."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request("POST", "/2015-03-31/functions/function/invocations", payload)
        response = connection.getresponse()
        answer = response.read().decode()
        result = json.loads(answer)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"no answer: {error!r}"
    if response.status != 200 or "errorType" in result:
        return f"status {response.status}: {answer}"
    sys.stdout.write(f"{answer}\n")
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

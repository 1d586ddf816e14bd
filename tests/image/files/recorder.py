"""Records each request and forwards it: recorder.py PORT TARGET FILE. Standard library only."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT, TARGET, FILE = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])


class Recorder(BaseHTTPRequestHandler):
    """Forwards whatever comes, and writes the path and the answer's status down."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Forward; an unreachable target is a 502."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        request = urllib.request.Request(TARGET + self.path, body or None, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                status, answer = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, answer = error.code, error.read()
        except OSError as error:
            status, answer = 502, str(error).encode()
        with FILE.open("a") as file:
            file.write(json.dumps([self.path, status]) + "\n")
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_POST  # noqa: N815 - the names that the base class looks for


ThreadingHTTPServer(("", PORT), Recorder).serve_forever()

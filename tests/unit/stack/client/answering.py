"""An HTTP server that records calls and gives the answers of a script, in order."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Call:
    method: str
    path: str
    token: str | None
    body: Any


@dataclass
class Script:
    """`answers` are a status with a body each, or headers in place of a body; a status of 0 closes the connection."""

    answers: list[tuple[int, Any]]
    calls: list[Call] = field(default_factory=list)
    url: str = ''


@contextmanager
def answering(*answers: tuple[int, Any]) -> Iterator[Script]:
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get('Content-Length') or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            script.calls.append(Call(self.command, self.path, self.headers.get('Authorization'), body))
            status, answer = script.answers.pop(0)
            if not status:
                return
            self.send_response(status)
            for name, value in answer.items() if 300 <= status < 400 else ():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.encode() if isinstance(answer, str) else json.dumps(answer).encode())

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing on standard error."""

    with HTTPServer(('127.0.0.1', 0), Handler) as server:
        script.url = f'http://127.0.0.1:{server.server_port}'
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
        thread.start()
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()

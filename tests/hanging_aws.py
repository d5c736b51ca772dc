"""An AWS that answers S3 reads and hangs on all other calls, which the embedded AWS cannot simulate."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class HangingAws:
    """Answers `GET` with `body`; a `POST` or `PUT` hangs until `release`, and is then answered with an empty document.

    `asked` counts the calls that hang or have hung.
    """

    def __init__(self, body: bytes = b'content'):
        self.body = body
        self.asked = 0
        self.answers = threading.Event()
        self.reached = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self) -> None:
                self._answer(outer.body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get('Content-Length', 0)))
                outer.asked += 1
                outer.reached.set()
                outer.answers.wait()
                self._answer(b'{}')

            do_PUT = do_POST

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header('Content-Length', str(len(body)))
                self.send_header('ETag', '"e"')
                self.send_header('Last-Modified', 'Thu, 31 Jan 2030 12:00:00 GMT')
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                """Ignore a client that timed out."""

        self._server = Server(('127.0.0.1', 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.endpoint = f'http://127.0.0.1:{self._server.server_port}'

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(30)

    async def counted(self, calls: int) -> None:
        """Wait until so many calls have arrived, which may be after their client has given up."""
        async with asyncio.timeout(30):
            while self.asked < calls:  # noqa: ASYNC110  the server counts in threads of its own
                await asyncio.sleep(0.01)
        assert self.asked == calls

"""Tornado with nothing behind it: `python -m tests.bench._bare FILE` answers every GET with what is in the file."""

import asyncio
import sys
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler


class Same(RequestHandler):
    def initialize(self, content: bytes) -> None:
        self.content = content

    async def get(self) -> None:
        self.set_header('Content-Type', 'application/json; charset=UTF-8')
        self.finish(self.content)

    def compute_etag(self) -> None:
        """Hashing every body would be most of what is measured."""


async def main(content: bytes) -> None:
    server = HTTPServer(Application([('.*', Same, {'content': content})], log_function=lambda _: None))
    sockets = bind_sockets(0, '127.0.0.1')
    server.add_sockets(sockets)
    print(f'http://127.0.0.1:{sockets[0].getsockname()[1]}', flush=True)
    await asyncio.Event().wait()


if __name__ == '__main__':
    asyncio.run(main(Path(sys.argv[1]).read_bytes()))

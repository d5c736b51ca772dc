"""A container registry on loopback, which gives manifests to clients with its token."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

TOKEN = 'for-reading'


class Registry:
    """`manifests` are bytes by `REPOSITORY:TAG`; `digests` are stated instead of the true ones, '' states none."""

    def __init__(self) -> None:
        self.manifests: dict[str, bytes] = {}
        self.digests: dict[str, str] = {}
        self.scopes: list[str] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={'poll_interval': 0.02})
        self._thread.start()

    @property
    def origin(self) -> str:
        return f'http://127.0.0.1:{self._server.server_port}'

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(HTTPServer):
    def __init__(self, registry: Registry):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.registry = registry


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        registry, address = self.server.registry, urlsplit(self.path)
        if address.path == '/token':
            [scope] = parse_qs(address.query)['scope']
            registry.scopes.append(scope)
            return self._answer(200, json.dumps({'token': TOKEN}).encode())
        _, _, rest = address.path.partition('/v2/')
        repository, _, tag = rest.partition('/manifests/')
        if self.headers['Authorization'] != f'Bearer {TOKEN}':
            challenge = f'Bearer realm="{registry.origin}/token",service="here",scope="repository:{repository}:pull"'
            return self._answer(401, b'{}', **{'WWW-Authenticate': challenge})
        image = f'{repository}:{tag}'
        if image not in registry.manifests:
            return self._answer(404, b'{}')
        stated = registry.digests.get(image, '')
        return self._answer(200, registry.manifests[image], **({'Docker-Content-Digest': stated} if stated else {}))

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass

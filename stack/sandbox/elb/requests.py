"""Requests of a client through a load balancer, as `POST /_nysa/requests` on the endpoint of the embedded AWS.

The body is JSON with `url` (the load balancer's DNS name, port and path) and optionally `host`, `method`, `headers`
and `source`. The answer states which target got the request: no container runs that could answer it.
"""

import json
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from moto.elbv2.models import ELBv2Backend, elbv2_backends

from stack.sandbox.elb.matching import ClientRequest
from stack.sandbox.elb.traffic import NO_LISTENER, Reply, send
from stack.sandbox.http_server import Answer
from stack.sandbox.serial import LOCK

REQUESTS_PATH = '/_nysa/requests'

_JSON = (('Content-Type', 'application/json'),)
_PORTS = {'http': 80, 'https': 443}

_turns = count()


def requested(method: str, body: bytes) -> Answer:
    """The answer to one request; status 400 where the body is not a request."""
    if method != 'POST':
        return _refused(405, f'{method} is not supported here.')
    try:
        asked = json.loads(body)
        url = urlsplit(asked['url'])
        port = url.port or _PORTS[url.scheme]
        request = _request(asked, url.hostname or '', url.path, url.query)
    except (ValueError, TypeError, KeyError, AttributeError):
        return _refused(400, 'A request is a JSON object with an http or https URL as "url".')
    with LOCK:
        reply = _sent(url.hostname or '', port, request)
    return Answer(200, _JSON, reply.to_json().encode() + b'\n')


def _request(asked: dict[str, Any], host: str, path: str, query: str) -> ClientRequest:
    return ClientRequest(
        host=str(asked.get('host') or host),
        path=path or '/',
        method=str(asked.get('method') or 'GET'),
        headers={str(name).lower(): str(value) for name, value in (asked.get('headers') or {}).items()},
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        source=str(asked.get('source') or '192.0.2.1'),
    )


def _sent(dns_name: str, port: int, request: ClientRequest) -> Reply:
    for backend in _backends():
        if any(balancer.dns_name.lower() == dns_name.lower() for balancer in backend.load_balancers.values()):
            return send(backend, dns_name, port, request, next(_turns))
    return Reply(0, reason=NO_LISTENER)


def _backends() -> list[ELBv2Backend]:
    return [backend for regions in elbv2_backends.values() for backend in regions.values()]


def _refused(status: int, message: str) -> Answer:
    return Answer(status, _JSON, json.dumps({'message': message}).encode() + b'\n')

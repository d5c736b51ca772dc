"""AWS JSON 1.1 over HTTP: what boto3 and the aws CLI speak to ECS.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from stack.sandbox.ecs.ecs import Ecs

TARGET_PREFIX = 'AmazonEC2ContainerServiceV20141113.'
DEFAULT_ACCOUNT = '123456789012'
DEFAULT_REGION = 'us-east-1'
_SCOPE = re.compile(r'Credential=[^/,]*/\d{8}/([a-z0-9-]+)/')

StartResponse = Callable[..., Any]


def is_for_ecs(environ: dict[str, Any]) -> bool:
    """Whether a request is one of ECS's, by its `X-Amz-Target`."""
    return environ.get('HTTP_X_AMZ_TARGET', '').startswith(TARGET_PREFIX)


def answer(ecs: Ecs, action: str, body: bytes, region: str, account: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to one request, an empty body of which counts as an empty object."""
    try:
        params = json.loads(body or b'{}')
    except ValueError:
        status, text = 400, b'{"__type": "SerializationException", "message": "The body is not JSON."}'
    else:
        status, text = ecs.respond(action, params, region, account)
    headers = {'Content-Type': 'application/x-amz-json-1.1', 'x-amzn-RequestId': str(uuid.uuid4())}
    return status, headers, text


def wsgi(ecs: Ecs, account: str = DEFAULT_ACCOUNT) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """A WSGI application that answers ECS's requests; the region is that of the request's signature."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        action = environ.get('HTTP_X_AMZ_TARGET', '').removeprefix(TARGET_PREFIX)
        scope = _SCOPE.search(environ.get('HTTP_AUTHORIZATION', ''))
        length = environ.get('CONTENT_LENGTH') or '0'
        body = environ['wsgi.input'].read(int(length) if length.isdecimal() else 0)
        region = scope.group(1) if scope else DEFAULT_REGION
        status, headers, text = answer(ecs, action, body, region, account)
        headers['Content-Length'] = str(len(text))
        start_response('200 OK' if status == 200 else '400 Bad Request', list(headers.items()))
        return [text]

    return application

"""AWS JSON 1.1 over HTTP: what boto3 and the aws CLI speak to ECS.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from stack.sandbox.ecs.ecs import Ecs

DEFAULT_ACCOUNT = '123456789012'
DEFAULT_REGION = 'us-east-1'
_SCOPE = re.compile(r'Credential=[^/,]*/\d{8}/([a-z0-9-]+)/')

StartResponse = Callable[..., Any]


def wsgi(ecs: Ecs, account: str = DEFAULT_ACCOUNT) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """A WSGI application that answers ECS's requests; the region is that of the request's signature."""

    def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        action = environ.get('HTTP_X_AMZ_TARGET', '').rpartition('.')[2]
        scope = _SCOPE.search(environ.get('HTTP_AUTHORIZATION', ''))
        length = environ.get('CONTENT_LENGTH') or '0'
        try:
            params = json.loads(environ['wsgi.input'].read(int(length)) or b'{}')
        except ValueError:
            # Neither a number nor JSON: refused as any other that is no object.
            params = None
        status, answer = ecs.respond(action, params, scope.group(1) if scope else DEFAULT_REGION, account)
        headers = [
            ('Content-Type', 'application/x-amz-json-1.1'),
            ('Content-Length', str(len(answer))),
            ('x-amzn-RequestId', str(uuid.uuid4())),
        ]
        start_response('200 OK' if status == 200 else '400 Bad Request', headers)
        return [answer]

    return application

"""Identification of the AWS call that an HTTP request makes (service, operation, region), and AWS's error answers."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.exceptions import BotoCoreError
from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

from stack.sandbox.http_server import Answer, Environ

REGION = 'us-east-1'
_SCOPE = re.compile(r'Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]*)/(?P<service>[^/]+)/aws4_request')
_SERVICE_OF_SIGNING_NAME = {'elasticloadbalancing': 'elbv2'}
# Services that speak JSON and name the operation by path and method.
_REST_JSON = ('scheduler',)
_READS = ('Get', 'List', 'Describe', 'Head', 'BatchGet', 'BatchCheck', 'Discover', 'Filter')


@dataclass(frozen=True)
class Call:
    """One AWS call; the names are those of boto3's clients and of the API (`s3`, `PutObject`).

    `access_key` is what it is signed with, empty for a call without a signature.
    """

    service: str
    operation: str
    region: str
    protocol: str
    access_key: str = ''

    def __str__(self) -> str:
        return f'{self.service}:{self.operation}'

    @property
    def changes(self) -> bool:
        """Whether it may change what AWS holds."""
        return not self.operation.startswith(_READS)


def identify(environ: Environ, body: bytes) -> Call:
    """The call that a request makes. A request without a signature counts as S3's, as it does at AWS."""
    scope = _SCOPE.search(environ.get('HTTP_AUTHORIZATION', '')) or _SCOPE.search(_presigned(environ))
    region = scope['region'] if scope else REGION
    service = scope['service'].lower() if scope else 's3'
    service = _SERVICE_OF_SIGNING_NAME.get(service, service)
    operation, protocol = _operation(service, environ, body)
    return Call(service, operation, region, protocol, scope['key'] if scope else '')


def _operation(service: str, environ: Environ, body: bytes) -> tuple[str, str]:
    """The name of the operation, and the protocol of the request."""
    if environ.get('HTTP_SMITHY_PROTOCOL') == 'rpc-v2-cbor':
        return environ['PATH_INFO'].rpartition('/')[2], 'cbor'
    if target := environ.get('HTTP_X_AMZ_TARGET'):
        return target.rpartition('.')[2], 'json'
    if environ.get('CONTENT_TYPE', '').startswith('application/x-www-form-urlencoded'):
        action = parse_qs(body.decode('utf-8', 'replace')).get('Action', ['unknown'])[0]
        return action, 'ec2' if service == 'ec2' else 'query'
    protocol = 's3' if service == 's3' else 'json' if service in _REST_JSON else 'rest-xml'
    return _routed(service, environ), protocol


def _presigned(environ: Environ) -> str:
    credential = parse_qs(environ.get('QUERY_STRING', '')).get('X-Amz-Credential', [''])[0]
    return f'Credential={credential}'


def _routed(service: str, environ: Environ) -> str:
    try:
        return str(get_service_router(service).match(Request(environ.copy()))[0].name)
    except (HTTPException, BotoCoreError):
        return f'{environ["REQUEST_METHOD"].title()}Unknown'


def refusal(call: Call, status: int, code: str, message: str) -> Answer:
    """An error in the words of the call's own protocol, so that an AWS client reads `code` from it."""
    if call.protocol == 'cbor':
        body = _cbor({'__type': code, 'message': message})
        return Answer(status, (('Content-Type', 'application/cbor'), ('smithy-protocol', 'rpc-v2-cbor')), body)
    if call.protocol == 'json':
        body = json.dumps({'__type': code, 'message': message}).encode()
        return Answer(status, (('Content-Type', 'application/x-amz-json-1.1'), ('x-amzn-ErrorType', code)), body)
    error = f'<Code>{escape(code)}</Code><Message>{escape(message)}</Message>'
    forms = {
        's3': f'<Error>{error}</Error>',
        'ec2': f'<Response><Errors><Error>{error}</Error></Errors></Response>',
    }
    xml = forms.get(call.protocol, f'<ErrorResponse><Error>{error}</Error></ErrorResponse>')
    return Answer(status, (('Content-Type', 'text/xml'),), f'<?xml version="1.0" encoding="UTF-8"?>{xml}'.encode())


def _cbor(fields: dict[str, str]) -> bytes:
    """A map of short strings in CBOR (RFC 8949, major types 5 and 3)."""
    texts: list[Any] = [text.encode() for pair in fields.items() for text in pair]
    return bytes([0xA0 | len(fields)]) + b''.join(b'\x79' + len(t).to_bytes(2, 'big') + t for t in texts)

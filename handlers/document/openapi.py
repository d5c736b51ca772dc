"""The API's OpenAPI 3.1 document, made from the routing table and from what stands above each verb.

Where its parts come from: paths and verbs from handlers/routes.py; the names in a path from the verb's arguments;
summary and description from its docstring; role, status, shapes, parameters and refusals from its `operation`; a tag
and its description from the module and its docstring; shapes from handlers/document/schemas/; codes from
handlers/errors.py.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from handlers.api.body import JSON_TYPE
from handlers.api.operation import VERBS, Operation, Parameter
from handlers.document.schemas import MEDIA_TYPES, PAGES, component_schemas
from handlers.document.schemas.build import REVISION, ref
from handlers.errors import HTTP_CODE, STATUS
from stack.access.access import Role

Json = dict[str, Any]

# https://spec.openapis.org/oas/v3.1.1.html
OPENAPI = '3.1.1'

GROUP = re.compile(r'\([^()]+\)')

# The names that stand in paths: what each is, and one to show.
PATH_NAMES = {
    'cluster': ('The name of the ECS cluster.', 'staging'),
    'service': ("The service's name in the desired state.", 'user-service'),
    'token': ('The id of a token.', '3f9a01c2b7de'),
    'revision': ('A revision, or `current`.', REVISION),
}

# What every verb that names its caller can answer beside what it declares; what one with a body can, and one that takes
# an If-Match: others may be faster again and again.
USUAL_REFUSALS = {400, 401, 403, 429, 502, 503}
BODY_REFUSALS = {400, 413, 415}
CONDITIONAL_REFUSALS = {409, 412}

MEANING = {
    400: 'The request cannot be read, or asks for something that cannot be.',
    401: 'The request does not say who calls.',
    403: 'The caller may not do this.',
    404: 'What the path names is not there.',
    405: 'The verb is not possible here; Allow names those that are.',
    409: 'The change does not fit what is stored; or the rollout that was waited for has failed.',
    410: 'The history no longer has what the path names: old versions expire in the bucket.',
    412: 'Somebody was faster: the revision is no longer the one that was named. Nothing was stored.',
    413: 'More than is taken.',
    415: 'The body is of a type that is not read here.',
    422: 'The request names something that is not there, or that is there already.',
    423: 'The cluster takes no changes now.',
    429: 'Too many requests; Retry-After says when to come again.',
    500: 'Something went wrong here; the log has the cause under the request id.',
    502: 'AWS refused a call, or what is stored cannot be read: nothing was changed. Or the outcome is unknown.',
    503: 'AWS does not answer, or asks for fewer calls. Nothing was changed.',
    504: 'The rollout still goes on, and the caller would wait no longer.',
}

DESCRIPTION = """\
The desired state of AWS ECS clusters: what each cluster shall run, who changed it, and why.

Every change is validated in full, stored on the condition that nothing came between, and announced to the schedulers.
Every refusal has one shape, `Error`. A revision is opaque: it comes as `ETag`, and goes back as `If-Match`.

What changes and what runs is told as it happens on a WebSocket, `/api/v1/events`.
"""


@dataclass(frozen=True)
class Endpoint:
    """One verb at one path, as the code has it. `names` are those that stand in the path."""

    path: str
    verb: str
    handler: type
    operation: Operation
    names: tuple[str, ...]
    text: str

    @property
    def tag(self) -> str:
        return self.handler.__module__.rpartition('.')[2].replace('_', ' ').capitalize()

    @property
    def id(self) -> str:
        return self.verb + self.handler.__name__


def endpoints(routes: Iterable[tuple[str, type]]) -> Iterator[Endpoint]:
    """Every declared verb in the order of the table, but for pages: they are no part of the API."""
    for pattern, handler in routes:
        for verb in VERBS:
            method = getattr(handler, verb)
            if hasattr(method, 'operation') and method.operation.answer not in PAGES:
                names = tuple(inspect.signature(method).parameters)[1:]
                yield Endpoint(
                    _path(pattern, names), verb, handler, method.operation, names, inspect.getdoc(method) or ''
                )


def _path(pattern: str, names: Iterable[str]) -> str:
    given = iter(names)
    return GROUP.sub(lambda _: f'{{{next(given)}}}', pattern)


@cache
def document(routes: tuple[tuple[str, type], ...], version: str) -> Json:
    """The whole document; the same object each time, not to be changed."""
    found = list(endpoints(routes))
    paths: dict[str, Json] = {}
    for endpoint in found:
        paths.setdefault(endpoint.path, {})[endpoint.verb] = _operation(endpoint)
    return {
        'openapi': OPENAPI,
        'info': {'title': 'Nysa', 'version': version, 'description': DESCRIPTION},
        'servers': [{'url': '/', 'description': 'This server.'}],
        'security': [{'bearer': []}, {'basic': []}],
        'tags': [
            {'name': endpoint.tag, 'description': inspect.getdoc(sys.modules[endpoint.handler.__module__])}
            for endpoint in {endpoint.tag: endpoint for endpoint in found}.values()
        ],
        'paths': paths,
        'components': {
            'schemas': component_schemas(),
            'responses': _error_responses(),
            'headers': HEADERS,
            'securitySchemes': SECURITY_SCHEMES,
        },
    }


HEADERS = {
    'ETag': {
        'description': 'The revision, in quotes.',
        'schema': {'type': 'string', 'examples': [f'"{REVISION}"']},
    },
    'X-Request-Id': {
        'description': 'Names the request in the log: what the client sent under that name, or one of ours.',
        'schema': {'type': 'string'},
    },
}

SECURITY_SCHEMES = {
    'bearer': {'type': 'http', 'scheme': 'bearer', 'description': 'A token.'},
    'basic': {'type': 'http', 'scheme': 'basic', 'description': "The caller's name, and a token as the password."},
}


def _operation(endpoint: Endpoint) -> Json:
    declared = endpoint.operation
    summary, _, rest = endpoint.text.partition('\n\n')[0].replace('\n', ' ').partition('. ')
    made: Json = {'operationId': endpoint.id, 'tags': [endpoint.tag], 'summary': summary.rstrip('.')}
    if rest:
        made['description'] = rest
    parameters = [_path_parameter(name) for name in endpoint.names] + [_parameter(each) for each in declared.parameters]
    if parameters:
        made['parameters'] = parameters
    if declared.body:
        made['requestBody'] = {'required': True, 'content': _content(declared.body)}
    made['responses'] = _responses(declared)
    if declared.role is Role.PUBLIC:
        made['security'] = []
    return made | {'x-nysa-role': declared.role.name.lower()}


def _path_parameter(name: str) -> Json:
    help, example = PATH_NAMES[name]
    where = {'name': name, 'in': 'path', 'required': True, 'description': help}
    return where | {'schema': {'type': 'string'}, 'example': example}


def _parameter(given: Parameter) -> Json:
    return {
        'name': given.name,
        'in': given.where,
        'required': False,
        'description': given.help,
        'schema': {'type': given.kind},
    }


def _content(name: str) -> Json:
    return {media: {'schema': ref(name)} for media in MEDIA_TYPES.get(name, (JSON_TYPE,))}


def _responses(declared: Operation) -> Json:
    conditional = {each.name for each in declared.parameters} & {'If-Match', 'If-None-Match'}
    headers = _headers('X-Request-Id', 'ETag') if conditional else _headers('X-Request-Id')
    success: Json = {'description': HTTPStatus(declared.status).phrase, 'headers': headers}
    if declared.answer:
        success['content'] = _content(declared.answer)
    responses = {str(declared.status): success}
    if declared.status != 200 and any(each.name == 'dry_run' for each in declared.parameters):
        plan = {'description': 'The plan, with `dry_run`.', 'headers': _headers('X-Request-Id')}
        responses['200'] = plan | {'content': _content(declared.plan)}
    if 'If-None-Match' in conditional:
        responses['304'] = {'description': 'The client has the current revision already.', 'headers': headers}
    for status in sorted(refusals(declared)):
        responses[str(status)] = {'$ref': f'#/components/responses/Error{status}'}
    return responses | {'default': {'$ref': '#/components/responses/Error'}}


def refusals(declared: Operation) -> set[int]:
    """The statuses with which a verb says no: what it declares, and what its like can always answer."""
    usual = USUAL_REFUSALS if declared.role is not Role.PUBLIC else set()
    conditional = any(each.name == 'If-Match' for each in declared.parameters)
    of_body = BODY_REFUSALS if declared.body else set()
    of_cluster = {404} if declared.cluster is not None else set()
    return {*declared.refusals, *usual, *of_cluster, *of_body, *(CONDITIONAL_REFUSALS if conditional else set())}


def _headers(*names: str) -> Json:
    return {name: {'$ref': f'#/components/headers/{name}'} for name in names}


def _error_responses() -> Json:
    error = {'headers': _headers('X-Request-Id'), 'content': _content('Error')}
    made: Json = {'Error': {'description': 'Any other refusal.', **error}}
    for status, meaning in MEANING.items():
        codes = ' · '.join(f'`{code}`' for code in codes_of(status))
        made[f'Error{status}'] = {'description': f'{meaning} {codes}'.strip(), **error}
    return made


def codes_of(status: int) -> list[str]:
    """The codes that an answer with this status can carry."""
    ours = {error.code for error, its_status in STATUS.items() if its_status == status}
    return sorted(ours | ({HTTP_CODE[status]} if status in HTTP_CODE else set()))

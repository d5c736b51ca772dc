"""The API's OpenAPI 3.1 document, generated from the routing table and the declaration above each verb.

Sources of its parts: paths and verbs from handlers/routes.py; path parameters from the verb's arguments; summary and
description from its docstring; role, status, schemas, parameters and refusals from its `operation`; tags from
handlers/document/tags.py; schemas from handlers/document/schemas/; error codes from handlers/errors.py.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from handlers.api.body import JSON_TYPE
from handlers.api.operation import VERBS, Operation, Parameter
from handlers.document.schemas import MEDIA_TYPES, PAGES, component_schemas
from handlers.document.schemas.build import REVISION, ref
from handlers.document.tags import TAGS, Tag, tag_of
from handlers.errors import HTTP_CODE, STATUS
from stack.access.access import Role

Json = dict[str, Any]

# https://spec.openapis.org/oas/v3.1.1.html
OPENAPI = '3.1.1'

GROUP = re.compile(r'\([^()]+\)')

# The parameters of paths, each with its description and an example.
PATH_NAMES = {
    'cluster': ('The name of the ECS cluster.', 'staging'),
    'service': ('The name of the service in the desired state.', 'user-service'),
    'token': ('The id of a token.', '3f9a01c2b7de'),
    'revision': ('A revision, or `current`.', REVISION),
    'run': ('The id of a run.', '4f1c2a9e7b3d40d6a1e5'),
    'proposal': ('The id of a proposal.', '98103285310000-5f0e2d7c'),
}

# Statuses that are not declared: of every verb with a caller, of every verb with a body, and of every verb with an
# If-Match, whose write may lose against concurrent writes.
USUAL_REFUSALS = {400, 401, 403, 429, 502, 503}
BODY_REFUSALS = {400, 413, 415}
CONDITIONAL_REFUSALS = {409, 412}

MEANING = {
    400: 'The request is malformed or a value in it is invalid.',
    401: 'Authentication required: send a token or sign in.',
    403: 'The role or the scope of the caller does not allow this.',
    404: 'The resource in the path does not exist.',
    405: 'The method is not supported here; Allow lists those that are.',
    409: 'The change conflicts with the stored state; or the awaited rollout has failed.',
    410: 'The revision has expired: the bucket deletes old versions.',
    412: 'The cluster changed in the meantime: the named revision or plan is outdated. Nothing was stored.',
    413: 'The body or the stackfile is too large.',
    415: 'The media type of the body is not supported.',
    422: 'The request names something that does not exist, or that exists already.',
    423: 'The cluster is frozen.',
    429: 'Rate limit exceeded; Retry-After has the seconds to wait.',
    500: 'Internal error; the log has the cause under the request id.',
    502: 'AWS refused a call, or the stored state is unreadable: nothing was changed. Or the outcome is unknown.',
    503: 'AWS does not answer or throttles its calls. Nothing was changed.',
    504: 'The rollout was still in progress after the requested wait.',
}

DESCRIPTION = """\
The desired state of AWS ECS clusters: what each cluster is to run, who changed it, and why.

Every change is fully validated, stored by a conditional write, and announced to the schedulers. Every error has one
shape, `Error`. A revision is an opaque id: read it from `ETag`, send it as `If-Match`.

The WebSocket `/api/v1/events` publishes every change and every step of a rollout.
"""


@dataclass(frozen=True)
class Endpoint:
    """One verb at one path. `names` are the parameters of the path, `text` is the docstring of the verb."""

    path: str
    verb: str
    handler: type
    operation: Operation
    names: tuple[str, ...]
    text: str

    @property
    def tag(self) -> Tag:
        return tag_of(self.handler)

    @property
    def id(self) -> str:
        return self.verb + self.handler.__name__


def endpoints(routes: Iterable[tuple[str, type]]) -> Iterator[Endpoint]:
    """Every declared verb in the order of the routing table, without the pages."""
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
    """The document; a cached object that the caller must not modify."""
    declared = list(endpoints(routes))
    paths: dict[str, Json] = {}
    for endpoint in declared:
        paths.setdefault(endpoint.path, {})[endpoint.verb] = _operation(endpoint)
    return {
        'openapi': OPENAPI,
        'info': {'title': 'Nysa', 'version': version, 'description': DESCRIPTION},
        'servers': [{'url': '/', 'description': 'This server.'}],
        'security': [{'bearer': []}, {'basic': []}],
        'tags': [
            {'name': tag.name, 'description': tag.description}
            for tag in TAGS
            if any(endpoint.tag is tag for endpoint in declared)
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
        'description': 'The id of the request in the log: from the request header of that name, or generated.',
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
    made: Json = {'operationId': endpoint.id, 'tags': [endpoint.tag.name], 'summary': summary.rstrip('.')}
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
    if declared.accepted:
        responses['202'] = success | {'description': declared.accepted}
    if 'If-None-Match' in conditional:
        responses['304'] = {'description': 'The client has the current revision.', 'headers': headers}
    for status in sorted(refusals(declared)):
        responses[str(status)] = {'$ref': f'#/components/responses/Error{status}'}
    return responses | {'default': {'$ref': '#/components/responses/Error'}}


def refusals(declared: Operation) -> set[int]:
    """The error statuses of a verb: the declared ones and the common ones."""
    usual = USUAL_REFUSALS if declared.role is not Role.PUBLIC else set()
    conditional = any(each.name == 'If-Match' for each in declared.parameters)
    of_body = BODY_REFUSALS if declared.body else set()
    of_cluster = {404} if declared.cluster is not None else set()
    return {*declared.refusals, *usual, *of_cluster, *of_body, *(CONDITIONAL_REFUSALS if conditional else set())}


def _headers(*names: str) -> Json:
    return {name: {'$ref': f'#/components/headers/{name}'} for name in names}


def _error_responses() -> Json:
    error = {'headers': _headers('X-Request-Id'), 'content': _content('Error')}
    made: Json = {'Error': {'description': 'Any other error.', **error}}
    for status, meaning in MEANING.items():
        codes = ' · '.join(f'`{code}`' for code in codes_of(status))
        made[f'Error{status}'] = {'description': f'{meaning} {codes}'.strip(), **error}
    return made


def codes_of(status: int) -> list[str]:
    """The codes that an answer with this status can carry."""
    codes = {error.code for error, its_status in STATUS.items() if its_status == status}
    return sorted(codes | ({HTTP_CODE[status]} if status in HTTP_CODE else set()))

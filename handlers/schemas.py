"""The shapes of what goes in and comes out, by the names that operations declare them under.

JSON Schema 2020-12, as OpenAPI 3.1 has it. Keys may be added to any answer, so none is closed. An example stands with
each shape: the page at /api/docs shows it, and a test holds it against the shape.
"""

from collections.abc import Mapping
from typing import Any

from handlers.body import JSON_TYPE
from stack.stackfile.json_schema import json_schema

Schema = dict[str, Any]

YAML_TYPE = 'application/yaml'

# What is not plain JSON, by the name of its shape; the first is what is given or taken without being asked.
MEDIA_TYPES: Mapping[str, tuple[str, ...]] = {
    'DesiredState': (JSON_TYPE, YAML_TYPE),
    'Stackfile': (JSON_TYPE, YAML_TYPE),
    'NewCluster': (JSON_TYPE, YAML_TYPE),
    'ServiceChange': (JSON_TYPE, YAML_TYPE),
    'JsonSchema': ('application/schema+json',),
    'OpenApi': ('application/openapi+json',),
    'MetricsText': ('text/plain',),
    'Page': ('text/html',),
    'Style': ('text/css',),
}

# What people look at, and is no part of the API.
PAGES = {'Page', 'Style'}

REVISION = 'AZq1x7dKu9TlVf0cYz3LhQ'
DIGEST = 'sha256:9b2a28eb4a7e6cbe9eba9f39bd2f7f5c9d0b2a1c7d8e6f5a4b3c2d1e0f9a8b7c'
IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service:v1.4.2'

EXAMPLE_STACKFILE = {
    'logging': {'log_driver': 'awslogs', 'options': {'awslogs-group': '/ecs/staging'}},
    'defaults': {'memory': 512, 'environment': [{'LOG_LEVEL': 'info'}]},
    'services': [{'user-service': {'image': IMAGE, 'ports': ['80:80'], 'desired_count': 2}}],
}


def text(help: str) -> Schema:
    return {'type': 'string', 'description': help}


def moment(help: str) -> Schema:
    return {'type': 'string', 'format': 'date-time', 'description': help}


def text_or_null(help: str) -> Schema:
    return {'type': ['string', 'null'], 'description': help}


def many(items: Schema, help: str) -> Schema:
    return {'type': 'array', 'items': items, 'description': help}


def ref(name: str) -> Schema:
    return {'$ref': f'#/components/schemas/{name}'}


def shape(
    help: str, required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *, example: Any = None
) -> Schema:
    """An object with these keys."""
    schema: Schema = {'type': 'object', 'description': help, 'properties': {**required, **(optional or {})}}
    if required:
        schema['required'] = list(required)
    return schema | ({'examples': [example]} if example is not None else {})


CHECKS = many(
    shape(
        'One thing that was looked at.',
        {'check': text('What was looked at.'), 'ok': {'type': 'boolean', 'description': 'Whether it held.'}},
        {'message': text('What is wrong, or with `ok` worth knowing.')},
    ),
    'Every check, whether the ones before it held or not.',
)

PROBLEM = shape(
    'One mistake, or one thing that is worth knowing.',
    {
        'path': text('Where: as `services[2].email-worker.elb.ports.public`, or the name of a parameter.'),
        'message': text('What is wrong, and what is allowed.'),
    },
    {
        'line': {'type': 'integer', 'minimum': 1, 'description': 'The line of the text that was sent.'},
        'column': {'type': 'integer', 'minimum': 1, 'description': 'The column in that line.'},
    },
    example={'path': 'services[0].user-service.memory', 'line': 4, 'column': 15, 'message': 'expected a whole number'},
)

ERROR = shape(
    'Every refusal looks like this.',
    {
        'error': text('A stable code, for programs.'),
        'message': text('For a person.'),
        'details': many(ref('Problem'), 'Each thing that is wrong; empty where the message says it all.'),
    },
    {
        'request_id': text('Names the request in the log; also the header X-Request-Id.'),
        'warnings': many(ref('Problem'), 'With `invalid_stackfile`: what is not wrong, but worth knowing.'),
        'revision': text_or_null('With `revision_conflict`: the revision that is stored now.'),
        'status': {'const': 'not ready', 'description': 'With `not_ready`.'},
        'checks': CHECKS,
    },
    example={
        'error': 'not_found',
        'message': "There is no cluster 'stagign' here.",
        'details': [],
        'request_id': '5f0e2d7c9b1a4e68',
    },
)

SERVICE_ROW = shape(
    'A service as the desired state has it.',
    {
        'name': text('The name, once in a cluster.'),
        'image': text_or_null('The whole image reference.'),
        'image_tag': text_or_null('The tag in it; null where it has none.'),
        'desired_count': {'type': 'integer', 'description': 'How many tasks are wanted: 1 where nothing is said.'},
    },
    example={'name': 'user-service', 'image': IMAGE, 'image_tag': 'v1.4.2', 'desired_count': 2},
)

SUMMARY = {
    'revision': text('The current revision: opaque, compared for equality only.'),
    'changed_at': moment('When it was stored.'),
    'by': text_or_null('Who made it; null where another program wrote it.'),
    'message': text_or_null('Why.'),
    'source': text_or_null('From where it came; `external` where another program wrote it.'),
}

EXAMPLE_SUMMARY = {
    'revision': REVISION,
    'changed_at': '2030-04-02T09:21:44.310000+00:00',
    'by': 'maria',
    'message': 'fixes the sign-up mail',
    'source': '10.0.3.7 curl/8.5.0',
}

SCHEMAS: dict[str, Schema] = {
    'Accepted': shape(
        'A change that is stored.',
        {'revision': text('The revision that holds the change.')},
        {
            'message': text('For a person: `deploying...`, or what was done instead. Absent with `"deploy": false`.'),
            'notification': {
                'enum': ['sent', 'pending'],
                'description': '`pending` where the queue does not answer: it is told later, in order.',
            },
            'warnings': many(ref('Problem'), 'What is not wrong, but worth knowing.'),
        },
        example={'message': 'deploying...', 'revision': REVISION, 'notification': 'sent'},
    ),
    'Cluster': shape(
        'A cluster in short.',
        {'name': text('The name of the ECS cluster.'), **SUMMARY, 'services': many(ref('ServiceRow'), 'Its services.')},
        example={'name': 'staging', **EXAMPLE_SUMMARY, 'services': SERVICE_ROW['examples']},
    ),
    'ClusterNames': shape(
        'The clusters under management.',
        {'content': many({'type': 'string'}, 'Their names, sorted.')},
        example={'content': ['production', 'staging']},
    ),
    'DesiredState': {
        'type': 'object',
        'description': 'A stackfile as it is stored. One that another program stored may have mistakes.',
        'examples': [EXAMPLE_STACKFILE],
    },
    'Error': ERROR,
    'Health': shape(
        'The process answers.',
        {'status': {'const': 'ok'}, 'version': text('The version of the server.')},
        example={'status': 'ok', 'version': '0.1.0'},
    ),
    'JsonSchema': {'type': 'object', 'description': 'A JSON Schema (2020-12).'},
    'MetricsText': {'type': 'string', 'description': "Prometheus' text format."},
    'NewCluster': shape(
        'An ECS cluster, and what it shall run.',
        {'name': text('The name of an ECS cluster that is there and ACTIVE.'), 'config': ref('Stackfile')},
        example={'name': 'staging', 'config': EXAMPLE_STACKFILE},
    ),
    'OpenApi': {'type': 'object', 'description': 'An OpenAPI 3.1 document.'},
    'Page': {'type': 'string', 'description': 'A page for people.'},
    'Problem': PROBLEM,
    'Readiness': shape(
        'Whether everything is there that the server needs.',
        {
            'status': {'enum': ['ready', 'not ready']},
            'checks': CHECKS,
        },
        example={'status': 'ready', 'checks': [{'check': 'bucket desired-states', 'ok': True}]},
    ),
    'Report': shape(
        'A stackfile without a mistake.',
        {
            'valid': {'const': True},
            'message': text('For a person.'),
            'warnings': many(ref('Problem'), 'What is not wrong, but worth knowing.'),
        },
        example={'valid': True, 'message': 'no mistakes', 'warnings': []},
    ),
    'ServiceChange': shape(
        'What shall be different; what is left out stays as it is.',
        {},
        {
            'image_tag': text('The new tag: it replaces the tag, and nothing else of the image.'),
            'desired_count': {'type': 'integer', 'minimum': 0, 'description': 'How many tasks; 0 is a real value.'},
            'deploy': {'type': 'boolean', 'default': True, 'description': 'false stores without announcing.'},
        },
        example={'image_tag': 'v1.4.3'},
    ),
    'ServiceRow': SERVICE_ROW,
    'Services': shape(
        'The services of a cluster.',
        {'content': many(ref('ServiceRow'), "In the stackfile's order.")},
        example={'content': SERVICE_ROW['examples']},
    ),
    'Style': {'type': 'string', 'description': 'A style sheet.'},
    'Tags': shape(
        'The tags under which the image of a service was pushed.',
        {
            'content': many(
                shape(
                    'One tag.',
                    {
                        'tag': text('The tag.'),
                        'pushed_at': moment('When its image was pushed, with the UTC offset.'),
                        'digest': text('The digest of the image.'),
                    },
                ),
                'Newest first.',
            )
        },
        example={'content': [{'tag': 'v1.4.3', 'pushed_at': '2030-04-02T09:02:11+00:00', 'digest': DIGEST}]},
    ),
}


def component_schemas() -> dict[str, Schema]:
    """Every named shape, the stackfile's among them, sorted by name."""
    stackfile = {key: value for key, value in json_schema().items() if key != '$schema'}
    return dict(sorted({**SCHEMAS, 'Stackfile': {**stackfile, 'examples': [EXAMPLE_STACKFILE]}}.items()))

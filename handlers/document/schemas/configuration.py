"""The schemas of a service's effective configuration and addresses."""

from handlers.document.schemas.build import REVISION, Schema, many, shape, text, text_or_null
from handlers.document.schemas.rollouts import or_null

ORIGINS = ['service', 'defaults', 'cluster', 'merged', 'built-in']

ADDRESS = shape(
    'A DNS name of the service.',
    {
        'host': text('The DNS name.'),
        'port': {'type': ['integer', 'null'], 'description': 'The port of the listener; null if it is not known.'},
        'url': text_or_null('The URL; null if the protocol is not HTTP or the listener forwards by rules.'),
        'kind': {
            'enum': ['dns-record', 'load-balancer', 'service-discovery'],
            'description': 'A record in Route 53, the name of a load balancer, or a name in AWS Cloud Map.',
        },
        'public': {'type': 'boolean', 'description': 'false if it is only in use inside the VPC.'},
    },
)

SETTING = shape(
    'The effective value of one field.',
    {
        'value': {'description': 'The value, as in a stackfile.'},
        'origin': {
            'enum': ORIGINS,
            'description': 'The service, `defaults`, the top of the document, several of them, or the default of Nysa.',
        },
    },
    {
        'parts': {
            'type': 'object',
            'description': 'With `merged`: the origin of each key of a mapping.',
            'additionalProperties': {'enum': ORIGINS},
        }
    },
)

SCHEMAS: dict[str, Schema] = {
    'Configuration': shape(
        'The effective configuration of a service.',
        {
            'service': text('The name of the service.'),
            'revision': text('The revision of the desired state.'),
            'fields': {
                'type': 'object',
                'description': 'The fields of the stackfile that have a value, by name.',
                'additionalProperties': SETTING,
            },
            'addresses': many(ADDRESS, 'The declared addresses, then those of the load balancers in AWS.'),
            'failing': or_null('Failing'),
        },
        example={
            'service': 'user-service',
            'revision': REVISION,
            'fields': {
                'memory': {'value': 512, 'origin': 'service'},
                'launch_type': {'value': 'FARGATE', 'origin': 'defaults'},
                'environment': {
                    'value': {'LOG_LEVEL': 'info', 'PORT': '8080'},
                    'origin': 'merged',
                    'parts': {'LOG_LEVEL': 'defaults', 'PORT': 'service'},
                },
                'desired_count': {'value': 1, 'origin': 'built-in'},
            },
            'addresses': [
                {
                    'host': 'users.example.com',
                    'port': 443,
                    'url': 'https://users.example.com',
                    'kind': 'dns-record',
                    'public': True,
                }
            ],
            'failing': None,
        },
    ),
}

"""The services of a cluster, and the tags of their images."""

from handlers.document.schemas.build import DIGEST, IMAGE, Schema, many, moment, ref, shape, text, text_or_null
from handlers.document.schemas.rollout_examples import ROW
from handlers.document.schemas.rollouts import DEPLOYED

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

DEPLOYED_ROW = shape(
    'A service as the desired state has it, and what is deployed of it.',
    {**SERVICE_ROW['properties'], **DEPLOYED},
    example=ROW,
)

SCHEMAS: dict[str, Schema] = {
    'ServiceSpec': {
        '$ref': '#/components/schemas/Stackfile/properties/services/items/additionalProperties',
        'description': 'The settings of one service, as they are in a stackfile under its name.',
        'examples': [{'image': IMAGE, 'ports': ['8080:8080'], 'desired_count': 2}],
    },
    'ServiceSpecPatch': {
        'type': 'object',
        'description': 'A JSON merge patch (RFC 7396) of the settings of one service: null removes one.',
        'examples': [{'desired_count': 3, 'environment': None}],
    },
    'ServiceRow': DEPLOYED_ROW,
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
    'ServicesChange': shape(
        'What shall be different in several services, all of them or none.',
        {
            'services': {
                'type': 'object',
                'description': 'By name; null has a service destroyed.',
                'minProperties': 1,
                'additionalProperties': {'anyOf': [ref('ServiceEdit'), {'type': 'null'}]},
            }
        },
        example={'services': {'user-service': {'image_tag': 'v1.4.3'}, 'email-worker': {'restart': True}}},
    ),
    'ServiceEdit': shape(
        'What shall be different in one of them; what is left out stays as it is.',
        {},
        {
            'image_tag': text('The new tag: it replaces the tag, and nothing else of the image.'),
            'desired_count': {'type': 'integer', 'minimum': 0, 'description': 'How many tasks; 0 is a real value.'},
            'restart': {'type': 'boolean', 'description': 'true replaces all tasks, and pulls their image again.'},
        },
        example={'desired_count': 3, 'restart': True},
    ),
    'Services': shape(
        'The services of a cluster.',
        {
            'content': many(ref('ServiceRow'), "In the stackfile's order."),
            'unmanaged': many({'type': 'string'}, 'Services in ECS that the desired state does not name.'),
        },
        example={'content': DEPLOYED_ROW['examples'], 'unmanaged': []},
    ),
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
                        'quarantined': {
                            'type': 'boolean',
                            'description': 'Whether the service was rolled away from that image.',
                        },
                    },
                ),
                'Newest first.',
            )
        },
        example={
            'content': [
                {'tag': 'v1.4.3', 'pushed_at': '2030-04-02T09:02:11+00:00', 'digest': DIGEST, 'quarantined': False}
            ]
        },
    ),
}

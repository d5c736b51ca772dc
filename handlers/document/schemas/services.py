"""The services of a cluster, and the tags of their images."""

from handlers.document.schemas.build import DIGEST, IMAGE, Schema, many, moment, ref, shape, text, text_or_null
from handlers.document.schemas.rollout_examples import ROW
from handlers.document.schemas.rollouts import AUTOSCALING, DEPLOYED, SCHEDULE_STATE
from handlers.document.schemas.stages import STAGES

SERVICE_ROW = shape(
    'A service in the desired state.',
    {
        'name': text('The name, once in a cluster.'),
        'image': text_or_null('The whole image reference.'),
        'image_tag': text_or_null('The tag in it; null where it has none.'),
        'desired_count': {'type': 'integer', 'description': 'The desired number of tasks; 1 by default.'},
    },
    example={'name': 'user-service', 'image': IMAGE, 'image_tag': 'v1.4.2', 'desired_count': 2},
)

DEPLOYED_ROW = shape(
    'A service in the desired state, with its deployed state.',
    {**SERVICE_ROW['properties'], **DEPLOYED},
    {'autoscaling': AUTOSCALING, 'schedule': SCHEDULE_STATE, **STAGES},
    example=ROW,
)

SOURCE: Schema = {
    **shape(
        'The source of the image by its OCI labels.',
        {
            'commit': text_or_null('The commit.'),
            'repository': text_or_null('The URL of the source code.'),
            'version': text_or_null('The version.'),
            'author': text_or_null('The authors.'),
            'created_at': text_or_null('The build time as the label has it, RFC 3339.'),
        },
    ),
    'type': ['object', 'null'],
    'description': 'With `source=true`: the source by the OCI labels; null if there are none or ECR does not answer.',
}

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
        'The fields to change; absent fields keep their values.',
        {},
        {
            'image_tag': text('The new tag; the rest of the image reference stays.'),
            'desired_count': {'type': 'integer', 'minimum': 0, 'description': 'The number of tasks; 0 is valid.'},
            'deploy': {'type': 'boolean', 'default': True, 'description': 'false stores without deploying.'},
        },
        example={'image_tag': 'v1.4.3'},
    ),
    'ServicesChange': shape(
        'The changes of several services, made all or none.',
        {
            'services': {
                'type': 'object',
                'description': 'The changes by service; null removes the service.',
                'minProperties': 1,
                'additionalProperties': {'anyOf': [ref('ServiceEdit'), {'type': 'null'}]},
            }
        },
        example={'services': {'user-service': {'image_tag': 'v1.4.3'}, 'email-worker': {'restart': True}}},
    ),
    'ServiceEdit': shape(
        'The changes of one service; absent fields keep their values.',
        {},
        {
            'image_tag': text('The new tag; the rest of the image reference stays.'),
            'desired_count': {'type': 'integer', 'minimum': 0, 'description': 'The number of tasks; 0 is valid.'},
            'restart': {'type': 'boolean', 'description': 'true replaces all tasks, and pulls their image again.'},
        },
        example={'desired_count': 3, 'restart': True},
    ),
    'Services': shape(
        'The services of a cluster.',
        {
            'content': many(ref('ServiceRow'), "In the stackfile's order."),
            'unmanaged': many({'type': 'string'}, 'Services in ECS that are not in the desired state.'),
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
                            'description': 'Whether the image is in quarantine for the service.',
                        },
                    },
                    {'source': SOURCE},
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

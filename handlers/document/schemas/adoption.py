"""What a desired state written from a living cluster is answered with."""

from handlers.document.schemas.build import REVISION, Schema, many, number, ref, shape, text, text_or_null
from handlers.document.schemas.clusters import EXAMPLE_STACKFILE

NOTES = many(ref('Note'), 'What the document omits or states differently from what runs, and why.')

SCHEMAS: dict[str, Schema] = {
    'Adopted': shape(
        'A cluster that is under management from now on.',
        {'revision': text('Its first revision.'), 'message': text('For a person.'), 'notes': NOTES},
        {
            'notification': {'enum': ['sent', 'pending'], 'description': 'With `deploy`: whether the schedulers know.'},
            'warnings': many(ref('Problem'), 'What is not wrong, but worth knowing.'),
        },
        example={'message': 'adopted, not deployed', 'revision': REVISION, 'notes': []},
    ),
    'Adoption': shape(
        'What would be stored for a living cluster. In YAML: the document, with the notes above it as comments.',
        {
            'cluster': text('The cluster.'),
            'message': text('All of it, in a line.'),
            'config': ref('Stackfile'),
            'stackfile': text('The same as YAML, for editing.'),
            'notes': NOTES,
            'plan': {
                'type': 'object',
                'description': 'What the first deployment would do in ECS: `services`, `steps`, `notes`, `unmanaged`.',
            },
            'warnings': many(ref('Problem'), 'What is not wrong, but worth knowing.'),
        },
        example={
            'cluster': 'staging',
            'message': '1 service of staging converted, with 1 note; the first deployment would take 3 steps.',
            'config': EXAMPLE_STACKFILE,
            'stackfile': 'services:\n- user-service:\n    image: …\n',
            'notes': [{'service': 'user-service', 'message': 'Its container is called app: the first deployment …'}],
            'plan': {'services': [], 'steps': [], 'notes': [], 'unmanaged': []},
            'warnings': [],
        },
    ),
    'EcsClusters': shape(
        'Clusters that ECS has.',
        {
            'content': many(
                shape(
                    'An active cluster, as ECS counts.',
                    {
                        'name': text('Its name in ECS.'),
                        'account': text('Its account, by its name in `NYSA_ACCOUNTS`; `home` is that of Nysa.'),
                        'managed': {'type': 'boolean', 'description': 'Whether it has a desired state here.'},
                        'cluster': text_or_null('Its name in Nysa; null where it is not managed.'),
                        'needs_name': {
                            'type': 'boolean',
                            'description': 'Whether it can be adopted under another name only, with `ecs_cluster`: its '
                            'own is in use, or belongs to another account.',
                        },
                        'needs_account': {
                            'type': 'boolean',
                            'description': 'Whether adopting it must name its `account`: its own name belongs to '
                            'another one.',
                        },
                        'services': number('How many active services it has.'),
                        'running': number('How many tasks run in it.'),
                    },
                ),
                'By name.',
            ),
            'failing': {
                'type': 'object',
                'description': 'Why the clusters of an account are missing, by the name of the account.',
                'additionalProperties': {'type': 'string'},
            },
        },
        example={
            'content': [
                {
                    'name': 'legacy',
                    'account': 'home',
                    'managed': False,
                    'cluster': None,
                    'needs_name': False,
                    'needs_account': False,
                    'services': 3,
                    'running': 12,
                }
            ],
            'failing': {},
        },
    ),
}

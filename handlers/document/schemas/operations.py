"""The schemas for operators of the server: health, readiness and metrics."""

from handlers.document.schemas.build import Schema, many, moment_or_null, number, shape, text, text_or_null

CHECKS = many(
    shape(
        'One thing that was looked at.',
        {'check': text('What was looked at.'), 'ok': {'type': 'boolean', 'description': 'Whether it held.'}},
        {'message': text('What is wrong, or with `ok` worth knowing.')},
    ),
    'Every check, whether the ones before it held or not.',
)

SCHEMAS: dict[str, Schema] = {
    'Accounts': shape(
        'The AWS accounts and regions of the clusters.',
        {
            'content': many(
                shape(
                    'An account and region, as the calls of this server to it have come out.',
                    {
                        'account': text('Its name in `NYSA_ACCOUNTS`; `home` is the account of Nysa.'),
                        'region': text_or_null('The region; null where it is not known.'),
                        'state': {
                            'enum': ['unknown', 'ok', 'denied', 'throttled', 'unavailable'],
                            'description': 'unknown: nothing was asked yet. throttled: within the last minute.',
                        },
                        'denied': many(text('A call, as ecs:DescribeServices.'), 'The calls that lack a permission.'),
                        'seen_at': moment_or_null('When AWS answered last.'),
                        'message': text_or_null('What is wrong.'),
                        'clusters': number('How many of the clusters that the caller may see are there.'),
                        'names': many(text('A cluster.'), 'Those clusters, by name.'),
                    },
                ),
                'In the order of the setting.',
            )
        },
        example={
            'content': [
                {
                    'account': 'prod-eu',
                    'region': 'eu-west-1',
                    'state': 'ok',
                    'denied': [],
                    'seen_at': '2026-11-29T10:00:00.000+00:00',
                    'message': None,
                    'clusters': 2,
                    'names': ['prod-api', 'prod-jobs'],
                }
            ]
        },
    ),
    'Health': shape(
        'The process answers.',
        {'status': {'const': 'ok'}, 'version': text('The version of the server.')},
        example={'status': 'ok', 'version': '0.2.0'},
    ),
    'MetricsText': {'type': 'string', 'description': "Prometheus' text format."},
    'Readiness': shape(
        'Whether everything is there that the server needs.',
        {
            'status': {'enum': ['ready', 'not ready']},
            'checks': CHECKS,
        },
        example={'status': 'ready', 'checks': [{'check': 'bucket desired-states', 'ok': True}]},
    ),
}

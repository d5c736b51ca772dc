"""The schemas for operators of the server: health, readiness and metrics."""

from handlers.document.schemas.build import Schema, many, shape, text

CHECKS = many(
    shape(
        'One thing that was looked at.',
        {'check': text('What was looked at.'), 'ok': {'type': 'boolean', 'description': 'Whether it held.'}},
        {'message': text('What is wrong, or with `ok` worth knowing.')},
    ),
    'Every check, whether the ones before it held or not.',
)

SCHEMAS: dict[str, Schema] = {
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

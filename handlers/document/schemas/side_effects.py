"""The side effects of a change: in plans, refusals and records."""

from handlers.document.schemas.build import Schema, many, number, ref, shape, text, text_or_null

OF_FIELD = {
    'service': text('The service.'),
    'path': text_or_null('The field, as `containers.log-router`; null where the whole service is concerned.'),
    'effect': {
        'enum': ['lost', 'changed', 'replaced', 'created', 'run', 'destroyed'],
        'description': (
            '`lost` runs and is not in the desired state; `changed` runs otherwise than the desired state has it. '
            'The others are of a whole service.'
        ),
    },
}

RECORDED_EFFECTS = {
    'also': many(ref('RecordedEffect'), 'What the change did beyond its content; absent without side effects.'),
    'also_more': number('How many more side effects there were.'),
}

EXAMPLE = {'service': 'user-service', 'path': 'containers.log-router', 'effect': 'lost'}

SCHEMAS: dict[str, Schema] = {
    'RecordedEffect': shape('A side effect of a change, without values.', OF_FIELD, example=EXAMPLE),
    'SideEffect': shape(
        'What a deployment does beyond the change that causes it.',
        {
            **OF_FIELD,
            'before': {'description': 'What runs; null where nothing does.'},
            'after': {'description': 'What the desired state has; null where it has nothing.'},
            'message': text('All of it, for a person.'),
        },
        example={
            **EXAMPLE,
            'before': {'image': 'fluent-bit:3.1'},
            'after': None,
            'message': 'user-service loses containers.log-router, which runs and is not declared',
        },
    ),
}

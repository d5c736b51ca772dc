"""The schemas of freezes and quarantines."""

from handlers.document.schemas.build import (
    DIGEST,
    IMAGE,
    REVISION,
    Schema,
    many,
    moment,
    moment_or_null,
    ref,
    shape,
    text,
    text_or_null,
)
from stack.changes.freeze_calendar import WINDOWS
from stack.runtime.durations import PATTERN as DURATION

FREEZE = {'by': 'maria', 'at': '2030-04-02T09:21:44.310000+00:00', 'reason': 'the big sale', 'until': None}

FREEZE_TIME = {'from': '2030-04-05T16:00:00+00:00', 'until': '2030-04-08T04:00:00+00:00', 'reason': 'weekend'}
FREEZE_WINDOWS = {'now': None, 'next': [FREEZE_TIME]}
WINDOW = {
    'cron': '0 18 ? * FRI *',
    'duration': '60h',
    'timezone': 'Europe/Berlin',
    'reason': 'weekend',
    'clusters': ['prod-*'],
}
WINDOWS_OF_CLUSTER: Schema = {
    'allOf': [ref('FreezeWindows')],
    'description': 'Its freeze windows; absent where it has none.',
}

QUARANTINE = {
    'service': 'user-service',
    'image': IMAGE,
    'digest': DIGEST,
    'by': 'maria',
    'at': '2030-04-02T09:21:44.310000+00:00',
    'reason': 'loses sessions',
    'revision': REVISION,
}

SCHEMAS: dict[str, Schema] = {
    'Freeze': shape(
        'A time in which a cluster refuses changes.',
        {
            'by': text('Who froze it; `freeze window` where a window did.'),
            'at': moment('Since when.'),
            'reason': text('Why.'),
            'until': moment_or_null('When it ends by itself; null where it lasts until it is lifted.'),
        },
        example=FREEZE,
    ),
    'FreezeState': shape(
        'Whether a cluster is frozen.',
        {
            'frozen': {
                'anyOf': [ref('Freeze'), {'type': 'null'}],
                'description': 'The freeze; null where there is none.',
            }
        },
        {'freeze_windows': WINDOWS_OF_CLUSTER},
        example={'frozen': FREEZE, 'freeze_windows': FREEZE_WINDOWS},
    ),
    'FreezeTime': shape(
        'One time of a freeze window.',
        {'from': moment('When it begins.'), 'until': moment('When it ends.'), 'reason': text('Why.')},
        example=FREEZE_TIME,
    ),
    'FreezeWindows': shape(
        'The freeze windows of a cluster: those of its desired state, and those of the freeze calendar.',
        {
            'now': {
                'anyOf': [ref('FreezeTime'), {'type': 'null'}],
                'description': 'The one in progress that ends last; null where none is.',
            },
            'next': many(ref('FreezeTime'), 'The next ones, at most 5, in the order of their beginnings.'),
        },
        {
            'past': many(
                ref('FreezeTime'),
                'With `since`: those that ended after it, by the windows as they are now, in order.',
            )
        },
        example=FREEZE_WINDOWS,
    ),
    'FreezeCalendar': shape(
        'The freeze windows of clusters by name or pattern, as far as the caller may change them.',
        {
            'content': many(WINDOWS.json['items'], 'The windows.'),
            'next': many(ref('FreezeTime'), 'The next times of all of them, at most 5.'),
        },
        example={'content': [WINDOW], 'next': [FREEZE_TIME]},
    ),
    'NewFreezeCalendar': shape(
        'The freeze windows that replace all that the caller may change.',
        {'content': {**WINDOWS.json, 'description': 'The windows.'}},
        example={'content': [WINDOW]},
    ),
    'NewFreeze': shape(
        'A new freeze.',
        {'reason': text('The reason; shown in each refusal.')},
        {
            'until': {
                'type': 'string',
                'anyOf': [{'format': 'date-time'}, {'pattern': DURATION}],
                'description': 'When it ends by itself: a time with its UTC offset, or a duration from now on by the '
                "server's clock, as `90m`, `1h`, `1h30m` or `3d`. Without it the freeze lasts until it is lifted.",
                'examples': ['2030-04-05T06:00:00Z', '1h'],
            }
        },
        example={'reason': 'the big sale', 'until': '1h'},
    ),
    'FrozenAnswer': shape(
        'A frozen cluster.',
        {'message': text('For a person.'), 'revision': text('The revision that records it.'), 'frozen': ref('Freeze')},
    ),
    'FrozenOrPlan': {
        'description': 'The freeze, or with `dry_run` the plan.',
        'examples': [{'message': 'staging is frozen', 'revision': REVISION, 'frozen': FREEZE}],
        'anyOf': [ref('FrozenAnswer'), ref('Plan')],
    },
    'Quarantines': shape(
        'Images that must not come back, of one service or of all.',
        {'content': many(ref('Quarantine'), 'The oldest first.')},
        example={'content': [QUARANTINE]},
    ),
    'Release': shape(
        'A release from quarantine.',
        {},
        {'reason': text('Why; may be given as `message` too.')},
        example={'reason': 'the fault was in the database'},
    ),
    'Released': shape(
        'Images that may come back.',
        {
            'message': text('For a person.'),
            'revision': text('The revision that records it.'),
            'released': many(ref('Quarantine'), 'What was in quarantine.'),
        },
    ),
    'ReleasedOrPlan': {
        'description': 'What was released, or with `dry_run` the plan.',
        'examples': [
            {
                'message': 'user-service may have its former images back',
                'revision': REVISION,
                'released': [QUARANTINE],
            }
        ],
        'anyOf': [ref('Released'), ref('Plan')],
    },
    'Quarantine': shape(
        'An image that was rolled away from, and must not come back to that service.',
        {
            'service': text('The service.'),
            'image': text('The image as the desired state named it.'),
            'digest': text_or_null('What that name stood for, where ECR knows it.'),
            'by': text('Who rolled back.'),
            'at': moment('When.'),
            'reason': text('Why.'),
            'revision': text('The revision that was rolled away from.'),
        },
        example=QUARANTINE,
    ),
}

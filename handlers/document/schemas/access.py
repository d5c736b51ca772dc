"""Tokens, sessions, and who one is."""

from handlers.document.schemas.build import Schema, many, moment, page, ref, shape, text, text_or_null
from handlers.document.schemas.history import CHAIN

ROLE = {'enum': ['viewer', 'deployer', 'admin'], 'description': 'What it may do.'}
CLUSTERS = many({'type': 'string'}, 'Names and patterns with `*`: nothing else is there for it.')
SERVICES = many({'type': 'string'}, 'The services that it may change: names and patterns with `*`.')

TOKEN = {
    'id': text('Names the token; no secret.'),
    'name': text('Recorded as the author of its changes.'),
    'role': ROLE,
    'clusters': CLUSTERS,
    'services': SERVICES,
    'expires_at': text_or_null('From when on it is refused; null for never, in tokens of earlier releases.')
    | {'format': 'date-time'},
    'speaks_for': {'type': 'boolean', 'description': 'Whether it may name another person in X-Nysa-Actor.'},
    'created_by': text_or_null('Who made it.'),
    'created_at': text_or_null('When.') | {'format': 'date-time'},
    'replaces': text_or_null('The id of the token that was rotated to make it.'),
    'replaced_by': text_or_null('The id of the token that a rotation made in its place.'),
    'state': {
        'enum': ['valid', 'expiring', 'expired', 'replaced', 'no_expiry'],
        'description': '`expiring`: in its last 14 days, or in the last quarter of its lifetime if that is shorter. '
        '`replaced`: rotated, and still accepted.',
    },
    'warning': text_or_null('What to do about it.'),
    'kept': {
        'enum': ['secret', 's3'],
        'description': 'Where it is stored: only a token in `s3` can be revoked here.',
    },
}

EXAMPLE_TOKEN = {
    'id': '3f9a01c2b7de',
    'name': 'hubot',
    'role': 'deployer',
    'clusters': ['staging', 'eu-*'],
    'services': ['*'],
    'expires_at': '2031-01-01T00:00:00+00:00',
    'speaks_for': True,
    'created_by': 'maria',
    'created_at': '2030-04-02T09:21:44.310000+00:00',
    'replaces': None,
    'replaced_by': None,
    'state': 'valid',
    'warning': None,
    'kept': 's3',
}

EXAMPLE_ENTRY = {
    'kind': 'failed-sign-in',
    'at': '2030-04-02T09:25:12.007000+00:00',
    'by': None,
    'source': '10.0.3.9 curl/8.5.0',
    'message': None,
    'did': {'verb': 'sign in', 'token': '3f9a01c2b7de'},
    'error': 'not_authenticated',
    'reason': 'This token is unknown here, or revoked.',
    'count': 12,
    'chain': {'number': 7, 'place': 0, 'previous': '5f1c…'},
}

SCHEMAS: dict[str, Schema] = {
    'Away': {'type': 'string', 'description': 'Empty; Location has the address.'},
    'AccessTokens': shape(
        'The tokens that hold or held.',
        {'content': many(shape('A token without its secret.', TOKEN), 'In the order of their names.')},
        example={'content': [EXAMPLE_TOKEN]},
    ),
    'NewToken': shape(
        'A token to be made.',
        {
            'name': text('Recorded as the author of its changes.'),
            'role': ROLE,
            'expires': text('A duration as `30d` or `12h`, or a time in ISO 8601, of at most 366 days.'),
        },
        {
            'clusters': {**CLUSTERS, 'default': ['*'], 'minItems': 1, 'maxItems': 100},
            'services': {**SERVICES, 'default': ['*'], 'minItems': 1, 'maxItems': 100},
            'speaks_for': {**TOKEN['speaks_for'], 'default': False},
        },
        example={'name': 'hubot', 'role': 'deployer', 'clusters': ['staging', 'eu-*'], 'expires': '365d'},
    ),
    'MadeToken': shape(
        'A token that was made.',
        {'message': text('For a person.'), 'token': text('What its holder shows. Not kept here.'), **TOKEN},
        example={
            'message': 'keep it: it is not shown again',
            'token': 'nysa_3f9a01c2b7de_…',
            **EXAMPLE_TOKEN,
        },
    ),
    'InstallationAuditEntry': shape(
        'A sign-in, an act on a token, or a request without a permission.',
        {
            'kind': {
                'enum': ['sign-in', 'failed-sign-in', 'expired-token', 'token', 'denied'],
                'description': '`token`: one was created, rotated or revoked; `did.verb` has which.',
            },
            'at': moment('When; of several the first.'),
            'by': text_or_null('Who; null where that is not known.'),
            'source': text('From where: the address and the program.'),
            'message': text_or_null('Null.'),
            'did': {'type': 'object', 'description': 'What was done, without secrets: of a token its id.'},
            'count': {'type': 'integer', 'minimum': 1, 'description': 'How often; failures are counted for a minute.'},
            'chain': CHAIN,
        },
        {
            'error': text('The code of the refusal.'),
            'reason': text('The message of the refusal.'),
            'subject': text('The account at the provider.'),
        },
        example=EXAMPLE_ENTRY,
    ),
    'InstallationAuditPage': page(
        'A page of the audit of the installation.',
        many(ref('InstallationAuditEntry'), 'Newest first; a page may have more than `limit`.'),
        example=EXAMPLE_ENTRY,
    ),
    'TokenRotation': shape(
        'How a token is rotated.',
        {},
        {
            'overlap': text_or_null('How long the old token is accepted, as `30m`, `24h` or `7d`; at most 30 days.')
            | {'default': '24h'},
            'expires': text_or_null(
                'A duration as `90d`, or a time in ISO 8601, of at most 366 days. Default: the lifetime of the old '
                'token; required where that has none.'
            ),
        },
        example={'overlap': '24h', 'expires': '90d'},
    ),
    'Revoked': shape(
        'A token that holds no more.', {'message': text('For a person.')}, example={'message': 'hubot is revoked'}
    ),
    'SignIn': shape(
        'What one signs in with.',
        {'token': text('A token as it was shown once.')},
        example={'token': 'nysa_3f9a01c2b7de_…'},
    ),
    'Session': shape(
        'Who one is.',
        {
            'signed_in': {'type': 'boolean', 'description': 'Whether it is known who asks.'},
            'sign_in': many(
                {'enum': ['token', 'oidc', 'off']},
                'How one can sign in: `token` by `POST /session`, `oidc` by going to `/sign-in`; `off` where '
                'access is not controlled.',
            ),
        },
        {
            'provider': text('The host of the provider of identities, with `oidc` among the ways.'),
            'name': text('As whom one is recorded.'),
            'role': ROLE,
            'clusters': CLUSTERS,
            'services': SERVICES,
            'via': {
                'enum': ['nobody asked', 'token', 'session', 'oidc', 'load balancer'],
                'description': 'What one was recognised by.',
            },
            'end_at_provider': text('Where a browser that has signed out here ends its session at the provider.'),
            'csrf': text('Goes into the header X-CSRF-Token of every change that is made with the cookie.'),
        },
        example={
            'signed_in': True,
            'sign_in': ['token'],
            'name': 'maria',
            'role': 'deployer',
            'clusters': ['*'],
            'services': ['*'],
            'via': 'token',
            'csrf': 'q1x7dKu9TlVf0cYz3LhQ',
        },
    ),
}

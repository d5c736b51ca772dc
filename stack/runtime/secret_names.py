"""Names of secrets: variables, options, fields, headers and query parameters."""

import re
from functools import lru_cache
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# `dbPassword`, `DB_PASSWORD_OLD` and `db.password-2` in words.
WORD = re.compile(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+')

# Decisive wherever they are in a name, also glued to other words as in `PGPASSWORD`.
STEM = re.compile(
    r'passw(?:or)?d|passphrase|passcode|secret|credential|webhook|bearer|connectionstring|connstr'
    r'|(?:api|access|private|encrypt(?:ion)?|signing|master|account|shared|license|licence|ssh|auth)key'
    r'|(?:access|auth|refresh|api|id)token'
)
WORDS = _words('pwd pw psk jwt token tokens creds cred dsn otp totp hmac authorization')
LAST_WORDS = _words('pass pin auth salt pepper cookie sig signature')
# `requirepass`, `masterauth`: written in one word.
ENDING = re.compile(r'(?!bypass|compass|oauth)[a-z]+(?:pass|auth|pwd|token)')

# What a key is called that opens nothing. Every other `…_KEY` is a secret; `key` alone is half of a pair.
PLAIN_KEYS = _words(
    'partition primary foreign sort cache routing object public publishable group row range index idempotency record'
    ' message topic config translation context tag label map s3 bucket search lookup metric feature hot short'
)

NUMBER = re.compile(r'\d+(?:\.\d+)? ?[A-Za-z]{0,7}')
ADDRESS = re.compile(r'https?://\S*|[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/\S*)?|localhost\S*')
PATH = re.compile(r'[~.]?\.?/\S*|[A-Za-z]:\\.*')
PLAIN_WORD = re.compile(r'[A-Za-z][\w ./-]{0,60}')

# The last word of a name → the values that are no secret with it: `TOKEN_TTL: 15m`, but not `TOKEN_TTL: hunter-2`.
HARMLESS = {
    **dict.fromkeys(
        _words(
            'ttl expiry expires expiration lifetime age length len min max size count limit timeout interval seconds'
            ' minutes hours days ms retries rounds iterations budget port'
        ),
        NUMBER,
    ),
    **dict.fromkeys(_words('url uri endpoint host hostname issuer audience domain server service'), ADDRESS),
    **dict.fromkeys(_words('file path dir directory location mount volume'), PATH),
    **dict.fromkeys(
        _words(
            'name type algorithm alg format mode provider policy header region version manager stdin prompt'
            ' required enabled disabled'
        ),
        PLAIN_WORD,
    ),
}
MEASURES = frozenset(['max', 'min', 'num', 'total'])

# A name that is filled in elsewhere, or that of a place: no secret.
REFERENCE = re.compile(r'(?:\$\{[A-Za-z_][\w.]*\}[:/@.,-]?)+|\$[A-Z_][A-Z0-9_]*|arn:aws[\w-]*:\S*')
SWITCHES = frozenset(['true', 'false', 'yes', 'no', 'on', 'off', 'none', 'null', 'enabled', 'disabled', 'required'])


@lru_cache(10_000)
def is_secret_name(name: str) -> bool:
    """Whether what has this name is a secret as a rule."""
    words = [word.lower() for word in WORD.findall(name)]
    if not words:
        return False
    if STEM.search(''.join(words)) or not WORDS.isdisjoint(words):
        return True
    # `DB_PASS_2` and `DB_PASS_OLD` are what `DB_PASS` is.
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in ('old', 'new', 'prev', 'previous', 'next', 'v')):
        words.pop()
    last = words[-1]
    if last in ('key', 'keys'):
        return len(words) > 1 and words[-2] not in PLAIN_KEYS
    return last in LAST_WORDS or ENDING.fullmatch(last) is not None


def looks_secret(name: str, value: Any) -> bool:
    """Whether a variable of this name has a secret as its value, and not a switch, a size, a path or a reference."""
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not is_secret_name(name):
        return False
    text = str(value)
    if not text or text.lower() in SWITCHES or REFERENCE.fullmatch(text):
        return False
    words = [word.lower() for word in WORD.findall(name)]
    if text.replace('.', '').isdigit() and (len(text) < 4 or not MEASURES.isdisjoint(words)):
        return False
    harmless = HARMLESS.get(words[-1])
    if harmless is None or (harmless is ADDRESS and 'webhook' in words):
        return True
    return harmless.fullmatch(text) is None

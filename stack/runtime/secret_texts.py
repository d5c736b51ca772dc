"""Secrets inside free text: log lines, reasons, command lines, addresses, connection strings.

What surrounds a secret stays, so that the text can still be read. Every pattern takes time linear in the text.
"""

import re
from functools import lru_cache

from stack.runtime.secret_names import REFERENCE, is_secret_name, looks_secret

MASK = '••••••'

# Longer texts than this are masked without the cache.
CACHED_LENGTH = 300

# Without any of these there is nothing to mask: most texts end here.
HINT = re.compile(
    r'(?i)pass|pwd|pw\b|psk|secret|token|key|cred|auth|hook|jwt|dsn|otp|hmac|cookie|sig|salt|pepper|pin|bearer|basic '
    r'|connstr|connectionstring|://|-----BEGIN|LS0tLS|eyJ|[A-Z0-9]{16}|_[a-z0-9]{8}|[a-z]{2,6}-[\w-]{8}'
    r'|[g0-9srb]\.[\w-]{8}|\d:AA| -[apuUw]|^-[uU]'
)

# Keys and tokens that are known by their own shape, each as its issuer documents it.
KNOWN = re.compile(
    r'-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----END))*(?:-----END [A-Z0-9 ]*-----)?'
    r'|\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]*'  # the same in Base64
    r'|\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b'  # AWS access keys
    r'|\beyJ[\w-]{4,}\.[\w-]{4,}(?:\.[\w-]*)*'  # JSON Web Tokens
    r'|\b(?:gh[opusr]|github_pat|glpat|npm|hf|dop_v1|doo_v1|dckr_pat|sbp|whsec|lin_api|nysa|tskey|pscale_tkn'
    r'|pscale_pw|glsa|glc|shp(?:at|ca|pa|ss)|(?:sk|rk)_(?:live|test)|sq0\w{3}|figd|pul)[_-][A-Za-z0-9_=-]{8,}'
    r'|\bgl(?:dt|rt|ptt|ft|soat|cbt|imt|agent)-[\w-]{8,}'
    r'|\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}'  # Slack
    r'|\bsk-[A-Za-z0-9_-]{16,}|\bAIza[\w-]{30,}|\bya29\.[\w.-]{8,}|\bGOCSPX-[\w-]{8,}|\bpypi-[\w-]{16,}'
    r'|\bSG\.[\w-]{10,}\.[\w-]{10,}|\bhv[sbr]\.[\w-]{8,}|\bAGE-SECRET-KEY-1[A-Z0-9]+|\bATATT3[\w=-]{8,}'
    r'|\bNRAK-[A-Z0-9]{8,}|\bdapi[0-9a-f]{32}\b|\bSK[0-9a-f]{32}\b|\b\d{8,10}:AA[\w-]{30,}|\bkey-[0-9a-f]{32}\b'
)

# An address up to the next one, or to a blank or quote.
ADDRESS = re.compile(r'([A-Za-z][A-Za-z0-9+.-]{0,30})?://((?:(?!://)[^\s"\'<>])+)')
PORT = re.compile(r'\d{1,5}(?:[/?#,]|$)')
HEXADECIMAL = re.compile(r'[0-9a-fA-F]{16,}')
# What follows in the address of a webhook is its key: Slack, Discord, Teams, Mattermost, Zapier, Telegram, PagerDuty.
WEBHOOK = re.compile(
    r'(?i)(https?://(?:[^\s/"\'<>]*hook[^\s/"\'<>]*/|api\.telegram\.org/bot|events\.pagerduty\.com/integration/'
    r'|(?:[^\s/"\'<>]+/){1,6}?(?:[\w.-]*hooks?[\w.-]*)/))([^\s"\'<>]+)'
)
AUTHORIZATION = re.compile(
    r'(?i)\b((?:proxy-)?authorization["\'\\]*\s?[:=]\s?["\']?(?:(?:bearer|basic|digest|token|negotiate|apikey)\s+)?)([^\s"\']+)'
)
SCHEME = re.compile(r'\b([Bb]earer|[Bb]asic|BEARER|BASIC)( +)((?=[\w.~+/-]*[\d=._])[\w.~+/-]{6,}=*)')
USER_OPTION = re.compile(r'(?<!\S)(-u|-U|--user|--proxy-user)([ =]?["\']?[^\s:"\'=]+:)(?!\d+\b)([^\s"\']+)')
# Programs that take a password behind a short option.
PROGRAM_OPTION = re.compile(
    r'(?<![\w-])((?:mysql\w*|mariadb\w*|mongo\w*|sshpass|docker login|redis-cli|ldap\w+)\b[^|;&\n]{0,300}? -[paw] ?)'
    r'(?![\s-])(\S+)'
)

# A name and what gives it a value: `name=`, `"name":`, `name: `, `X-Api-Key:`.
ASSIGNMENT = re.compile(
    r'(?<![\w.-])-{0,2}(?P<name>[A-Za-z_][\w.-]*)'
    r'(?P<by>[\\"\']{0,3}\s?(?:=>|:=|=)\s?|\\?["\']\s?:\s?|:\s?)'
)
OPTION = re.compile(r'(?<!\S)["\']?(?:--?|/)(?P<name>[A-Za-z][\w.-]*)["\']?,?\s{1,3}(?=[^\s-])')
VALUE = re.compile(
    r'\\+"[^"]*"|"(?:[^"\\]|\\.)*"|\'[^\']*\''
    r'|["\']?[^\s"\'<>]+?(?=[&;,]\s?[\w.\- ]{1,40}["\']?[=:]|[\s"\'<>\\]|[)}\]]*$)'
)
# In prose these words are followed by a colon as well: "unable to retrieve secret: service call failed".
IN_PROSE = frozenset(['auth', 'secret', 'secrets', 'token', 'tokens', 'credentials', 'signature', 'webhook', 'cookie'])
WHOLE = re.compile(r'([A-Za-z_][\w.-]*)=(.+)', re.DOTALL)


def masked_text(text: str) -> str:
    """The text with `MASK` for each secret that it holds."""
    return _cached(text) if len(text) <= CACHED_LENGTH else _masked(text)


def _masked(text: str) -> str:
    if not HINT.search(text):
        return text
    whole = WHOLE.fullmatch(text)
    if whole and looks_secret(whole[1], whole[2]):
        return f'{whole[1]}={MASK}'
    text = KNOWN.sub(MASK, text)
    if '://' in text:
        text = WEBHOOK.sub(_second, text)
        text = ADDRESS.sub(_address, text)
    text = AUTHORIZATION.sub(_second, text)
    text = SCHEME.sub(rf'\1\2{MASK}', text)
    text = USER_OPTION.sub(rf'\1\2{MASK}', text)
    text = PROGRAM_OPTION.sub(_second, text)
    return _assigned(text)


_cached = lru_cache(20_000)(_masked)


def _second(found: re.Match[str]) -> str:
    """The match with its second group masked, unless that is a name that is filled in elsewhere."""
    return found[0] if REFERENCE.fullmatch(found[2]) else found[1] + MASK


def _address(found: re.Match[str]) -> str:
    """The address with its password masked (RFC 3986, section 3.2.1), or the token that is there alone, as in a DSN."""
    rest = found[2]
    end = len(re.split('[/?#]', rest, maxsplit=1)[0])
    at = rest.rfind('@', 0, end)
    user, colon, password = rest[: max(at, 0)].partition(':')
    if at < 0:
        # A password may hold a slash that should have been encoded; a port is followed by one.
        at = rest.rfind('@')
        user, colon, password = rest[: max(at, 0)].partition(':')
        if at < 0 or not colon or '/' in user or PORT.match(password):
            return found[0]
    if colon:
        hidden = password if not REFERENCE.fullmatch(password) else ''
        shown = f'{user}:{MASK}' if hidden else f'{user}:{password}'
    else:
        is_token = (found[1] or '').lower() in ('http', 'https') or HEXADECIMAL.fullmatch(user)
        shown = MASK if user and is_token and not REFERENCE.fullmatch(user) else user
    return f'{found[1] or ""}://{shown}{rest[at:]}'


def _assigned(text: str) -> str:
    """The text with the values masked that are assigned to names of secrets, as options or pairs."""
    parts, done = [], 0
    for pattern in (ASSIGNMENT, OPTION):
        for found in pattern.finditer(text):
            if found.start('name') < done or not is_secret_name(found['name']):
                continue
            value = VALUE.match(text, found.end())
            if value is None or not _is_value(found, value[0]):
                continue
            parts += [text[done : found.end()], _in_quotes(value[0])]
            done = value.end()
        text, parts, done = ''.join([*parts, text[done:]]), [], 0
    return text


def _is_value(found: re.Match[str], value: str) -> bool:
    plain, name = value.strip('\\"\''), found['name']
    if name.lower().endswith('authorization') or not looks_secret(name, plain):
        return False
    by = found['by'] if found.re is ASSIGNMENT else ''
    if by == ':' and value == plain:
        # `auth-token:v1` is an image as a rule, `X-Auth-Token:…` a header
        return name.lower().startswith('x-')
    return by != ': ' or name.lower() not in IN_PROSE or not plain.rstrip('.,;:').isalpha()


def _in_quotes(value: str) -> str:
    """`MASK` in the quotes of the value."""
    opening = value[: len(value) - len(value.lstrip('\\"\''))]
    closing = value[len(value.rstrip('\\"\'')) :] if opening else ''
    return f'{opening}{MASK}{closing}'

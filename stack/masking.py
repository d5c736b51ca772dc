"""What looks like a secret, and how it is kept from those who may only look.

Names and values are judged, so a secret under a harmless name is missed: `secrets` of a service is the place for one.
"""

import re
from collections.abc import Mapping
from typing import Any

MASK = '••••••'

NAME = re.compile(
    r'(?i)(?:^|[_.-])(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|api_?key|private_?key|secret_?key|access_?key)s?$'
)
VALUE = re.compile(r'\bAKIA[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@]*:[^/\s@${}]+@')

ASSIGNMENT = re.compile(r'([A-Za-z_][\w.-]*)=(.+)', re.DOTALL)

# Under this key stand names and where their values are kept, never the values.
REFERENCES = 'secrets'


def looks_secret(name: str, value: Any) -> bool:
    """Whether a variable holds a secret in plain text, as far as its name and value tell."""
    return _is_text(value) and (NAME.search(name) is not None or VALUE.search(value) is not None)


def _is_text(value: Any) -> bool:
    """Something that could be a secret: no number, no switch, no `${…}` that is filled in elsewhere."""
    if not isinstance(value, str) or not value or value.startswith('${'):
        return False
    return not value.isdigit() and value.lower() not in ('true', 'false', 'yes', 'no', 'on', 'off')


def masked(value: Any) -> Any:
    """The same JSON with `MASK` for each value that looks like a secret: in documents, differences, plans and texts."""
    if isinstance(value, Mapping):
        if isinstance(value.get('path'), str) and ('before' in value or 'after' in value):
            value = _masked_change(value)
        return {name: each if name == REFERENCES else _masked_under(str(name), each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    return _masked_text(value) if isinstance(value, str) else value


def _masked_under(name: str, value: Any) -> Any:
    return MASK if looks_secret(name, value) else masked(value)


def _masked_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """A difference names its field in `path`, as `environment.DB_PASSWORD`."""
    name = change['path'].rpartition('.')[2]
    sides = {side: _masked_under(name, change[side]) for side in ('before', 'after') if side in change}
    return {**change, **({} if f'.{REFERENCES}.' in f'.{change["path"]}.' else sides)}


def _masked_text(text: str) -> str:
    if VALUE.search(text):
        return MASK
    assigned = ASSIGNMENT.fullmatch(text)
    return f'{assigned[1]}={MASK}' if assigned and looks_secret(assigned[1], assigned[2]) else text

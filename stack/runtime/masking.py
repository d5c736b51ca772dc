"""Masks secrets in everything that viewers read.

Names and values are judged, see `stack.runtime.secret_names` and `stack.runtime.secret_texts`:
a secret under a harmless name with a harmless value is missed, so `secrets` of a service is the place for one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stack.runtime import secret_names
from stack.runtime.secret_texts import MASK, masked_text

__all__ = ['MASK', 'concealed', 'is_concealed', 'looks_secret', 'masked', 'masked_text']

# Below these keys are names and where their values are kept, never the values.
REFERENCES = frozenset(['secrets', 'secretOptions'])

# The two halves of a pair: of ECS and of this API, of AWS's tags, of other services.
PAIRS = (('name', 'value'), ('key', 'value'), ('Name', 'Value'), ('Key', 'Value'))

SIDES = ('before', 'after', 'running')

# The fields of a difference that hold values of environment variables.
VARIABLE = re.compile(r'(?:^|\.)environment(?:\.|$)')

# A list of words such as a command: behind an option is its value.
OPTION = re.compile(r'(?:--?|/)([A-Za-z][\w.-]*)')
USER_OPTIONS = frozenset(['-u', '-U', '--user', '--proxy-user'])
PROGRAMS = re.compile(r'(?:.*/)?(?:mysql\w*|mariadb\w*|mongo\w*|sshpass|docker|redis-cli|ldap\w+)')
SHORT_OPTION = re.compile(r'-[paw]')


def looks_secret(name: str, value: Any) -> bool:
    """Whether a variable holds a secret in plain text, by its name or by its value."""
    return secret_names.looks_secret(name, value) or (isinstance(value, str) and masked_text(value) != value)


def masked(value: Any) -> Any:
    """The same JSON with `MASK` for each secret: in documents, differences, plans, messages and reasons."""
    return _walk(value, values=True)


def concealed(value: Any) -> Any:
    """The same JSON, masked, and without any value of an environment variable in its differences."""
    return _walk(value, values=False)


def is_concealed(path: str) -> bool:
    """Whether the field of that path holds values of environment variables."""
    return VARIABLE.search(path) is not None


def _walk(value: Any, values: bool) -> Any:
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return _mapping(value, values)
    if isinstance(value, list | tuple):
        walked = [_walk(item, values) for item in value]
        return _words(value, walked) if any(isinstance(item, str) for item in value) else walked
    return value


def _mapping(value: Mapping[Any, Any], values: bool) -> dict[Any, Any]:
    if isinstance(value.get('path'), str) and not value.keys().isdisjoint(SIDES):
        return _difference(value, values)
    shown = {
        name: _references(item) if name in REFERENCES else _named(str(name), item, values)
        for name, item in value.items()
    }
    for name, held in PAIRS:
        if isinstance(value.get(name), str) and held in value:
            shown[held] = _named(value[name], value[held], values)
    return shown


def _named(name: str, value: Any, values: bool) -> Any:
    """What a name stands for. A list under the name of a secret, as of several keys, is masked item by item."""
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return [MASK if secret_names.looks_secret(name, item) else shown for item, shown in _both(value, values)]
    return MASK if secret_names.looks_secret(name, value) else _walk(value, values)


def _both(value: Sequence[Any], values: bool) -> list[tuple[Any, Any]]:
    return list(zip(value, _walk(value, values), strict=True))


def _references(value: Any) -> Any:
    """Names with ARNs or names of parameters, which are no secrets; a secret that is there by mistake is one."""
    if isinstance(value, Mapping):
        return {name: _references(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_references(item) for item in value]
    return masked_text(value) if isinstance(value, str) else value


def _difference(change: Mapping[str, Any], values: bool) -> dict[str, Any]:
    """A difference: its field is in `path`, as `environment.DB_PASSWORD`, and its values are its sides."""
    path = change['path']
    sides = [side for side in SIDES if side in change]
    others = {name: _walk(item, values) for name, item in change.items() if name not in sides}
    if not values and is_concealed(path):
        return {**others, 'concealed': True}
    if f'.{path}.'.find('.secrets.') >= 0:
        return {**others, **{side: _references(change[side]) for side in sides}}
    variable = VARIABLE.split(path)[-1] if is_concealed(path) else ''
    name = variable or path.rpartition('.')[2]
    return {**others, **{side: _named(name, change[side], values) for side in sides}}


def _words(given: Sequence[Any], walked: list[Any]) -> list[Any]:
    """The words of a command, with the values masked that follow the name of their option."""
    program = any(isinstance(word, str) and PROGRAMS.fullmatch(word) for word in given)
    for i in range(1, len(given)):
        option, word = given[i - 1], given[i]
        if not isinstance(option, str) or not isinstance(word, str):
            continue
        if program and SHORT_OPTION.match(word) and len(word) > 2:
            walked[i] = word[:2] + MASK
        if word.startswith('-'):
            continue
        named = OPTION.fullmatch(option)
        if (named and secret_names.looks_secret(named[1], word)) or (program and SHORT_OPTION.fullmatch(option)):
            walked[i] = MASK
        elif option in USER_OPTIONS and ':' in word and not word.replace(':', '').isdigit():
            walked[i] = f'{word.partition(":")[0]}:{MASK}'
    return walked

"""Stackfiles that are nearly right: valid ones with parts removed, replaced, doubled, moved and merged."""

import copy
import random
from collections.abc import Iterator
from typing import Any

Json = Any

JUNK: tuple[Json, ...] = (
    None, True, False, 0, -1, 1, 2**40, 1.5, '', 'x', '80:80', '${X}', '-', 'web', 'ä\u2028', [], [[]], [None], ['x'],
    {}, {'': None}, {'x': 'y'}, {'web': {}}, [{}], [{'a': 1, 'b': 2}], 'a' * 300,
)  # fmt: skip

KEYS = (
    'image', 'elb', 'ports', 'vpc', 'defaults', 'services', 'logging', 'environment', 'secrets', 'healthcheck', 'type',
    'protocol', 'subnets', 'public', 'container', 'volumes', 'dns', 'dns_discovery', 'service_discovery', 'launch_type',
    'deployment_configuration', 'deployment_circuit_breaker', 'placement_constraints', 'cpu', 'memory', 'nonsense', '',
)  # fmt: skip

# Settings of a service that are right by themselves.
PLAUSIBLE: tuple[tuple[str, Json], ...] = (
    ('desired_count', 0), ('desired_count', 7), ('memory', 64), ('cpu', 256), ('image', 'team/other'),
    ('image', 'host:5000/team/app@sha256:' + '0' * 64), ('ports', []), ('ports', ['80:80', '81:81/udp']),
    ('environment', {'A': 1.5, 'EMPTY': ''}), ('environment', ['A=b', 'C=']), ('command', ['x']), ('type', 'task'),
    ('autoscaled', True), ('privileged', True), ('launch_type', 'FARGATE'), ('scheduling_strategy', 'DAEMON'),
    ('dns_discovery', {'name': 'other.name'}), ('logging', {'log_driver': 'json-file'}), ('volumes', ['a:/b:/c']),
    ('secrets', {'KEY': '/a/b'}), ('task_role_arn', 'role'), ('restarted_at', '2030-01-31T18:00:00Z'),
    ('depends_on', ['api']), ('pre_deploy', [{'migrate': {'command': ['x'], 'timeout': 5}}]), ('post_deploy', []),
    ('healthcheck', {'command': ['CMD', 'true']}), ('deployment_configuration', {'maximum_percent': 300}),
)  # fmt: skip


def mutated(valid: Json, chance: random.Random) -> Json:
    """A copy of the document with one to six random edits; every other is plausible, so that some are accepted."""
    document = copy.deepcopy(valid)
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        if chance.random() < 0.5:
            document = _edited(document, chance)
        else:
            _set_plausibly(document, chance)
    return document


def _set_plausibly(document: Json, chance: random.Random) -> None:
    listed = document.get('services') if isinstance(document, dict) else None
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    services = [settings for item in items for settings in item.values() if isinstance(settings, dict)]
    if services:
        name, value = chance.choice(PLAUSIBLE)
        settings = chance.choice(services)
        if name in settings and chance.random() < 0.3:
            del settings[name]
        else:
            settings[name] = copy.deepcopy(value)


def _edited(document: Json, chance: random.Random) -> Json:
    holders = [part for part in _parts(document) if part]
    if not holders or chance.random() < 0.01:
        return copy.deepcopy(chance.choice(JUNK))
    holder = chance.choice(holders)
    keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    key = chance.choice(keys)
    kind = chance.choice(('remove', 'junk', 'double', 'move', 'merge', 'wrap', 'add', 'swap'))
    if kind == 'remove':
        del holder[key]
    elif kind == 'junk':
        holder[key] = copy.deepcopy(chance.choice(JUNK))
    elif kind == 'wrap':
        holder[key] = [holder[key]] if chance.random() < 0.5 else {chance.choice(KEYS): holder[key]}
    elif kind == 'swap':
        other = chance.choice(keys)
        holder[key], holder[other] = holder[other], holder[key]
    elif kind == 'move':
        holder[key] = copy.deepcopy(chance.choice(list(_parts(document))))
    elif isinstance(holder, dict):
        _edit_mapping(holder, key, kind, document, chance)
    else:
        _edit_list(holder, key, kind, chance)
    return document


def _edit_mapping(holder: dict[str, Json], key: str, kind: str, document: Json, chance: random.Random) -> None:
    if kind == 'double':
        holder[key + '-2'] = copy.deepcopy(holder[key])
    elif kind == 'merge':
        mappings = [part for part in _parts(document) if isinstance(part, dict)]
        holder.update(copy.deepcopy(chance.choice(mappings)))
    else:
        holder[chance.choice(KEYS)] = copy.deepcopy(chance.choice(JUNK))


def _edit_list(holder: list[Json], at: int, kind: str, chance: random.Random) -> None:
    if kind == 'merge' and len(holder) > 1 and all(isinstance(item, dict) for item in holder):
        other = holder.pop(at)
        chance.choice(holder).update(other)
    elif kind == 'double':
        holder.insert(at, copy.deepcopy(holder[at]))
    else:
        holder.append(copy.deepcopy(chance.choice(JUNK)))


def _parts(document: Json) -> Iterator[Json]:
    """Every mapping and list, the document itself first."""
    if isinstance(document, dict | list):
        yield document
        for part in document.values() if isinstance(document, dict) else document:
            yield from _parts(part)

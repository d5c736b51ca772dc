"""Conditions of listener rules in a normal form, and in Elastic Load Balancing's.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from stack.reconcile.names import token
from stack.stackfile.rule_fields import ElbRule

# (field, name of the header or parameter, sorted values): AWS keeps no order of conditions, nor of most values.
Condition = tuple[str, str, tuple[str, ...]]
Conditions = frozenset[Condition]

_CONFIGS = {
    'host-header': 'HostHeaderConfig',
    'path-pattern': 'PathPatternConfig',
    'http-request-method': 'HttpRequestMethodConfig',
    'source-ip': 'SourceIpConfig',
}


def wanted_conditions(rule: ElbRule) -> Conditions:
    plain = (
        ('host-header', tuple(host.lower() for host in rule.host)),
        ('path-pattern', rule.path),
        ('http-request-method', rule.methods),
        ('source-ip', rule.source_ip),
    )
    named = [('http-header', name.lower(), several) for name, several in rule.headers.items()]
    named += [('query-string', name, several) for name, several in rule.query.items()]
    found = [(field, '', several) for field, several in plain if several] + named
    return frozenset((field, name, tuple(sorted(set(several)))) for field, name, several in found)


def read_conditions(found: Iterable[Mapping[str, Any]]) -> Conditions | None:
    """The conditions of a rule that exists; None where a stackfile cannot express them."""
    read = [_read(condition) for condition in found]
    if None in read or len({condition[:2] for condition in read if condition}) < len(read):
        return None
    return frozenset(condition for condition in read if condition)


def _read(found: Mapping[str, Any]) -> Condition | None:
    field = found.get('Field', '')
    if field == 'http-header':
        config = found.get('HttpHeaderConfig') or {}
        return _condition(field, config.get('HttpHeaderName', '').lower(), config, config.get('Values'))
    if field == 'query-string':
        config = found.get('QueryStringConfig') or {}
        pairs = config.get('Values') or ()
        keys = {pair.get('Key') for pair in pairs}
        if len(keys) != 1 or not (key := keys.pop()):
            return None
        return _condition(field, key, config, [pair.get('Value', '') for pair in pairs])
    config = found.get(_CONFIGS.get(field, '')) or {}
    values = config.get('Values') or found.get('Values')
    if field == 'host-header':
        values = [value.lower() for value in values or ()]
    return _condition(field, '', config, values) if field in _CONFIGS else None


def _condition(field: str, name: str, config: Mapping[str, Any], values: Any) -> Condition | None:
    if config.get('RegexValues') or not values:
        return None
    return field, name, tuple(sorted(set(values)))


def as_arguments(conditions: Conditions) -> list[dict[str, Any]]:
    """`Conditions` of CreateRule and ModifyRule."""
    return [_argument(*condition) for condition in sorted(conditions)]


def _argument(field: str, name: str, values: tuple[str, ...]) -> dict[str, Any]:
    if field == 'http-header':
        return {'Field': field, 'HttpHeaderConfig': {'HttpHeaderName': name, 'Values': list(values)}}
    if field == 'query-string':
        pairs = [{'Key': name, 'Value': value} for value in values]
        return {'Field': field, 'QueryStringConfig': {'Values': pairs}}
    return {'Field': field, _CONFIGS[field]: {'Values': list(values)}}


def parked(conditions: Conditions) -> Conditions:
    """Conditions that no request meets, for a rule whose target group has no healthy target yet.

    ECS attaches a service only to a target group that a rule names. The top-level domain `invalid` is reserved
    (RFC 2606).
    """
    return frozenset({('host-header', '', (f'{token(repr(sorted(conditions)))}.invalid',))})


def is_parked(found: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the conditions of a rule that exists are those of `parked`, for whatever conditions."""
    conditions = read_conditions(found) or frozenset()
    return any(field == 'host-header' and values[0].endswith('.invalid') for field, _, values in conditions)


def as_text(conditions: Conditions) -> str:
    """Conditions for people, such as `host example.com, path /v1/*`."""
    names = {
        'host-header': 'host',
        'path-pattern': 'path',
        'http-request-method': 'method',
        'http-header': 'header',
        'query-string': 'query',
        'source-ip': 'source',
    }
    return ', '.join(
        ' '.join(filter(None, (names[field], name, ' or '.join(values)))) for field, name, values in sorted(conditions)
    )


def in_fields(conditions: Conditions) -> dict[str, Any]:
    """Conditions as the fields of a rule in a stackfile."""
    names = {
        'host-header': 'host',
        'path-pattern': 'path',
        'http-request-method': 'methods',
        'source-ip': 'source_ip',
    }
    found: dict[str, Any] = {}
    for field, name, values in sorted(conditions):
        if field in names:
            found[names[field]] = list(values)
        else:
            found.setdefault('headers' if field == 'http-header' else 'query', {})[name] = list(values)
    return found

"""Settings of target groups beyond their health check: stated ones, and those that go back to AWS's default.

A target group has the names of the settings that its stackfile stated in a tag. A setting without a name there, which
another program may have made, is left as it is.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.observed_balancers import TargetGroup
from stack.reconcile.plan import Change, ResultOf, differences
from stack.stackfile.elb_fields import Elb

# Field of `elb` → the attributes that it sets, each with AWS's default.
DEFAULTS: Mapping[str, Mapping[str, str]] = {
    'deregistration_delay': {'deregistration_delay.timeout_seconds': '300'},
    'slow_start': {'slow_start.duration_seconds': '0'},
    'algorithm': {'load_balancing.algorithm.type': 'round_robin'},
    'stickiness': {
        'stickiness.enabled': 'false',
        'stickiness.type': 'lb_cookie',
        'stickiness.lb_cookie.duration_seconds': '86400',
        'stickiness.app_cookie.duration_seconds': '86400',
        'stickiness.app_cookie.cookie_name': '',
    },
}

# Attributes of target groups for HTTP without a field, with AWS's defaults.
_USUAL_WITHOUT_FIELD: Mapping[str, str] = {
    'load_balancing.algorithm.anomaly_mitigation': 'off',
    'load_balancing.cross_zone.enabled': 'use_load_balancer_configuration',
    'target_group_health.dns_failover.minimum_healthy_targets.count': '1',
    'target_group_health.dns_failover.minimum_healthy_targets.percentage': 'off',
    'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': '1',
    'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': 'off',
}

# Settings that are no attributes, and their defaults: the matcher by protocol version.
MATCHER, VERSION = 'matcher', 'protocol_version'
USUAL_MATCHERS: Mapping[str, Mapping[str, str]] = {'GRPC': {'GrpcCode': '12'}}
USUAL_MATCHER: Mapping[str, str] = {'HttpCode': '200'}

Fields = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class GroupSettings:
    """What a stackfile states of a target group: attributes by field, the matcher, and the version of HTTP."""

    attributes: Fields = field(default_factory=dict)
    matcher: Mapping[str, str] | None = None
    version: str | None = None

    @property
    def names(self) -> set[str]:
        """The names of the settings that are stated."""
        named = {MATCHER: self.matcher, VERSION: self.version}
        return {*self.attributes, *(name for name, value in named.items() if value is not None)}

    @classmethod
    def of(cls, elb: Elb) -> 'GroupSettings':
        return cls(stated_attributes(elb), stated_matcher(elb), elb.protocol_version)


def stated_attributes(elb: Elb) -> Fields:
    """The attributes that `elb` states, by field."""
    found: dict[str, dict[str, str]] = {}
    if elb.deregistration_delay is not None:
        found['deregistration_delay'] = {'deregistration_delay.timeout_seconds': str(elb.deregistration_delay)}
    if elb.slow_start is not None:
        found['slow_start'] = {'slow_start.duration_seconds': str(elb.slow_start)}
    if elb.algorithm is not None:
        found['algorithm'] = {'load_balancing.algorithm.type': elb.algorithm}
    if elb.stickiness is not None:
        kind = 'app_cookie' if elb.stickiness.cookie else 'lb_cookie'
        found['stickiness'] = {
            **DEFAULTS['stickiness'],
            'stickiness.enabled': 'true',
            'stickiness.type': kind,
            f'stickiness.{kind}.duration_seconds': str(elb.stickiness.duration),
            'stickiness.app_cookie.cookie_name': elb.stickiness.cookie or '',
        }
    return found


def stated_matcher(elb: Elb) -> Mapping[str, str] | None:
    code = elb.healthcheck.matcher
    if code is None:
        return None
    return {'GrpcCode' if elb.protocol_version == 'GRPC' else 'HttpCode': code}


def attribute_settings(group: TargetGroup) -> dict[str, Any] | None:
    """The fields of `elb` that state what a target group has; None where a setting has no field."""
    now = {**_usual(), **group.attributes}
    usual = {**_usual(), **_USUAL_WITHOUT_FIELD}
    if any(now[key] != usual[key] for key in _USUAL_WITHOUT_FIELD if key in now):
        return None
    found: dict[str, Any] = {}
    if (delay := now['deregistration_delay.timeout_seconds']) != usual['deregistration_delay.timeout_seconds']:
        found['deregistration_delay'] = int(delay)
    if (slow := now['slow_start.duration_seconds']) != '0':
        found['slow_start'] = int(slow)
    if (algorithm := now['load_balancing.algorithm.type']) != 'round_robin':
        found['algorithm'] = algorithm
    if now['stickiness.enabled'] == 'true':
        kind = now['stickiness.type']
        name = {'cookie': now['stickiness.app_cookie.cookie_name']} if kind == 'app_cookie' else {}
        found['stickiness'] = {**name, 'duration': int(now[f'stickiness.{kind}.duration_seconds'])}
    if group.version not in (None, 'HTTP1'):
        found['protocol_version'] = group.version
    matcher = dict(group.health.get('Matcher') or {})
    if matcher and matcher != USUAL_MATCHERS.get(group.version or '', USUAL_MATCHER):
        found['healthcheck'] = {'matcher': next(iter(matcher.values()))}
    return found


def set_before(tags: Mapping[str, str]) -> set[str]:
    """The names of the settings that the stackfile stated when the target group was last changed."""
    return set(tags.get(names.SET_TAG, '').split())


def set_tag(fields: set[str]) -> dict[str, str]:
    return {names.SET_TAG: ' '.join(sorted(fields))} if fields else {}


def new_attributes(draft: Draft, name: str, group: ResultOf, stated: Fields) -> list[str]:
    """Add the step that gives a new target group its attributes."""
    wanted = _flat(stated)
    wanted = {key: value for key, value in wanted.items() if not _is_off(key, wanted)}
    if not wanted:
        return []
    text = f'Set {", ".join(sorted(stated))} of the target group {name}'
    why = [Change(f'elb.{field}', None, _shown(values)) for field, values in stated.items()]
    return [_modify(draft, text, group, wanted, why, ())]


def change_attributes(draft: Draft, there: TargetGroup, stated: Fields, before: set[str], fields: set[str]) -> None:
    """Add the steps that change attributes, and the tag: names are added before a change and removed after it.

    `before` and `fields`: the names of all settings that the stackfile stated, and states now.
    """
    added, gone = fields - before, before - fields
    marked = _tag(draft, 'added', there, before | fields) if added else None
    wanted = _flat({**{field: DEFAULTS[field] for field in before if field in DEFAULTS}, **stated})
    now = {key: there.attributes.get(key, value) for key, value in _usual().items()}
    # An attribute without a value is not shown while it has no effect.
    differing = {key: value for key, value in wanted.items() if value != now[key] and not _is_off(key, wanted)}
    changed = None
    if differing:
        why = [
            change
            for field, known in DEFAULTS.items()
            for change in differences(
                {key: now[key] for key in known if key in differing},
                {key: value for key, value in differing.items() if key in known},
                f'elb.{field}',
            )
        ]
        text = f'Set attributes of the target group {there.name}'
        changed = _modify(draft, text, there.arn, differing, why, (marked,))
    if gone:
        _tag(draft, 'set', there, fields, after=(changed, marked))


def _is_off(key: str, wanted: Mapping[str, str]) -> bool:
    """Whether an attribute of stickiness is without effect: AWS refuses some of these."""
    if not key.startswith('stickiness.') or key == 'stickiness.enabled':
        return False
    if wanted.get('stickiness.enabled') != 'true':
        return True
    other = 'app_cookie' if wanted.get('stickiness.type') == 'lb_cookie' else 'lb_cookie'
    return f'.{other}.' in key


def _usual() -> dict[str, str]:
    return _flat(DEFAULTS)


def _flat(fields: Fields) -> dict[str, str]:
    return {key: value for values in fields.values() for key, value in values.items()}


def _shown(values: Mapping[str, str]) -> Any:
    return next(iter(values.values())) if len(values) == 1 else dict(values)


def _modify(
    draft: Draft,
    text: str,
    group: str | ResultOf,
    attributes: Mapping[str, str],
    why: list[Change],
    after: tuple[str | None, ...],
) -> str:
    return draft.add(
        'target-group/attributes',
        'elbv2:ModifyTargetGroupAttributes',
        text,
        {'TargetGroupArn': group, 'Attributes': names.tag_list(attributes)},
        after=after,
        why=why,
    )


def _tag(draft: Draft, name: str, there: TargetGroup, fields: set[str], after: tuple[str | None, ...] = ()) -> str:
    text = f'Tag the target group {there.name} with the settings that are stated'
    tags = names.tag_list({names.SET_TAG: ' '.join(sorted(fields))})
    arguments = {'ResourceArns': [there.arn], 'Tags': tags}
    return draft.add(f'target-group/{name}', 'elbv2:AddTags', text, arguments, after=after)

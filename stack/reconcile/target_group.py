"""The target group of a service's load balancer: reused, created, or changed in place."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.group_attributes import (
    MATCHER,
    USUAL_MATCHER,
    USUAL_MATCHERS,
    VERSION,
    GroupSettings,
    change_attributes,
    new_attributes,
    set_before,
    set_tag,
)
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import LoadBalancer, TargetGroup
from stack.reconcile.plan import Change, ResultOf, differences

USUAL_VERSION = 'HTTP1'


class WantedGroup(Protocol):
    """A target group that Nysa creates.

    `health` has the members of ModifyTargetGroup, `check_ports` the values of HealthCheckPort that are equal to its.
    """

    @property
    def name(self) -> str: ...
    @property
    def vpc(self) -> str: ...
    @property
    def target_type(self) -> str: ...
    @property
    def container_port(self) -> int: ...
    @property
    def health(self) -> Mapping[str, Any]: ...
    @property
    def check_ports(self) -> frozenset[str]: ...
    @property
    def settings(self) -> GroupSettings: ...
    @property
    def target_protocol(self) -> str: ...


def usable_target_group(
    draft: Draft,
    wanted: WantedGroup,
    observed: Observed,
    balancer: LoadBalancer | None,
    led_to: Collection[str | None],
    *,
    but: str | ResultOf | None = None,
) -> TargetGroup | None:
    """An existing target group of the right VPC and type that no other load balancer uses.

    `led_to`: those that the listener forwards to now, whatever their names. `but` is one that is used otherwise.
    """
    own_balancer = {balancer.arn} if balancer else set()
    candidates = observed.index.some_target_groups(led_to, names.successive(wanted.name))
    for group in sorted(candidates, key=lambda group: group.arn not in led_to):
        if group.arn == but:
            continue
        if names.owner(group.tags) not in (None, draft.owner):
            continue
        fits = (group.vpc, group.target_type, group.protocol) == (
            wanted.vpc,
            wanted.target_type,
            wanted.target_protocol,
        )
        fits = fits and _has_version(wanted, group)
        if fits and own_balancer.issuperset(group.load_balancers):
            return group
    return None


def _has_version(wanted: WantedGroup, group: TargetGroup) -> bool:
    """Whether the target group has the stated version of HTTP, which AWS cannot change.

    Where none is stated, any version is kept that a stackfile did not state before.
    """
    stated = wanted.settings.version
    if stated is None and VERSION not in set_before(group.tags):
        return True
    return (stated or USUAL_VERSION) == (group.version or USUAL_VERSION)


def plan_target_group(
    draft: Draft,
    wanted: WantedGroup,
    observed: Observed,
    there: TargetGroup | None,
    tags: Mapping[str, str] | None = None,
) -> str | ResultOf:
    """The target group's ARN, known or to come; `there` is the existing one, if any, `tags` those of a new one."""
    settings = wanted.settings
    if there is None:
        made_here = {step.arguments['Name'] for step in draft.steps if step.kind == 'elbv2:CreateTargetGroup'}
        name = names.unused(wanted.name, made_here, observed.index.named_target_groups)
        if name is None:
            raise Blocked(f'All names for a target group of {wanted.name} are used.')
        made = draft.add(
            'target-group',
            'elbv2:CreateTargetGroup',
            f'Create the target group {name}',
            {
                'Name': name,
                'Protocol': wanted.target_protocol,
                'Port': wanted.container_port,
                'VpcId': wanted.vpc,
                'TargetType': wanted.target_type,
                **wanted.health,
                **({'ProtocolVersion': settings.version} if settings.version else {}),
                **({'Matcher': dict(settings.matcher)} if settings.matcher else {}),
                'Tags': names.tag_list({**draft.owner.tags, **set_tag(settings.names), **(tags or {})}),
            },
            why=[Change('elb.target_group', None, name)],
        )
        ref = ResultOf(made, 'TargetGroups.0.TargetGroupArn')
        new_attributes(draft, name, ref, settings.attributes)
        return ref
    if names.owner(there.tags) is None:
        draft.take_over('target-group', there.name, there.arn, set_tag(settings.names))
    health = dict(wanted.health)
    if matcher := _matcher(settings, there):
        health['Matcher'] = matcher
    found = {name: there.health.get(name) for name in health}
    if found['HealthCheckPort'] in wanted.check_ports:
        found['HealthCheckPort'] = health['HealthCheckPort']
    changes = differences(found, health, 'elb.healthcheck')
    if changes:
        draft.add(
            'target-group/health-check',
            'elbv2:ModifyTargetGroup',
            f'Change the health check of {there.name}',
            {'TargetGroupArn': there.arn, **health},
            why=changes,
        )
    before = settings.names if names.owner(there.tags) is None else set_before(there.tags)
    change_attributes(draft, there, settings.attributes, before, settings.names)
    return there.arn


def _matcher(settings: GroupSettings, there: TargetGroup) -> dict[str, str] | None:
    if settings.matcher:
        return dict(settings.matcher)
    if MATCHER not in set_before(there.tags):
        return None
    return dict(USUAL_MATCHERS.get(there.version or '', USUAL_MATCHER))

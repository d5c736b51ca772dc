"""Deletion of a service with all its parts, or of parts that it no longer uses.

The order is the one that AWS allows. The alias record is deleted before the load balancer: it is identified by the load
balancer that it points at, and a dangling name can be taken over by an attacker.
"""

from collections.abc import Iterable, Sequence

from stack.reconcile import names
from stack.reconcile.autoscaling import plan_removal
from stack.reconcile.conditions import as_arguments, is_parked, parked
from stack.reconcile.draft import Draft
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed, Service
from stack.reconcile.observed_balancers import LoadBalancer, Rule, TargetGroup
from stack.reconcile.observed_names import Registry
from stack.reconcile.plan import Change, Until
from stack.reconcile.record import delete_record, record_at
from stack.reconcile.schedules import plan_delete
from stack.stackfile.naming import family

# Steps after which a target group may be free.
_FREEING = (
    'elbv2:DeleteListener',
    'elbv2:ModifyListener',
    'elbv2:DeleteLoadBalancer',
    'elbv2:DeleteRule',
    'elbv2:ModifyRule',
)

# The error codes of Elastic Load Balancing and Cloud Map for a resource that is still in use for a moment.
STILL_HELD = ('ResourceInUse',)


def plan_destroy(draft: Draft, observed: Observed) -> None:
    """Add the steps that delete the service of the draft's owner, and every part tagged as its own."""
    service = observed.service(draft.service)
    if service and names.owner(service.tags) != draft.owner:
        draft.note('It was not created by Nysa and is left unchanged.')
        return
    rules = own_rules(draft, observed)
    closed = [close_rule(draft, rule) for rule in rules if not is_parked(rule.conditions)]
    gone = delete_service(draft, service, observed, after=closed) if service else None
    if service is None:
        plan_removal(draft, observed)
    deleted = [delete_rule(draft, rule, after=[gone, *closed]) for rule in rules]
    plan_leftovers(draft, observed, frozenset(), after=[gone, *deleted])
    members = observed.families.get(family(draft.owner.cluster, draft.service), ())
    places = {member.tags[names.SCHEDULE_TAG] for member in members if names.SCHEDULE_TAG in member.tags}
    unscheduled = plan_delete(draft, observed, sorted(places))
    _task_definitions(draft, observed, after=[gone, *unscheduled])


def delete_service(
    draft: Draft,
    service: Service,
    observed: Observed,
    *,
    why: Iterable[Change] = (),
    after: Iterable[str | None] = (),
    replaced: bool = False,
) -> str:
    """Add the steps that delete an ECS service, and return the id of the one that waits for its end.

    `after`: steps that come first, all that a successor needs. `replaced`: it is created again, and missed meanwhile.
    An autoscaler must not scale it meanwhile.
    """
    after = [*after, *plan_removal(draft, observed)]
    which = {'cluster': observed.cluster, 'service': service.name}
    deleted = None
    if service.active:
        emptied = None
        if service.scheduling_strategy == 'REPLICA' and service.desired_count:
            emptied = draft.add(
                'service/scale-to-0',
                'ecs:UpdateService',
                f'Scale {service.name} to 0',
                {**which, 'desiredCount': 0},
                after=after,
                why=[Change('desired_count', service.desired_count, 0)],
                interrupts=replaced,
            )
        deleted = draft.add(
            'service/delete',
            'ecs:DeleteService',
            f'Delete the service {service.name}',
            {**which, 'force': True},
            after=[emptied, *after],
            why=why,
            interrupts=replaced,
        )
    return draft.add(
        'service/gone',
        'ecs:DescribeServices',
        f'Wait until the tasks of {service.name} have stopped',
        {'cluster': observed.cluster, 'services': [service.name]},
        after=[deleted],
        until=Until('services.0.status', ('INACTIVE', None)),
    )


def own_rules(draft: Draft, observed: Observed) -> list[Rule]:
    """The rules of the draft's owner on all listeners."""
    return list(observed.index.rules_of(draft.owner))


def close_rule(draft: Draft, rule: Rule) -> str:
    """Lead requests past a rule, so that they meet the next one while the service ends.

    The rule itself goes last: ECS changes no service whose target group has no listener.
    """
    return draft.add(
        f'rule/close/{rule.arn}',
        'elbv2:ModifyRule',
        f'Send no more requests to the rule with priority {rule.priority}',
        {'RuleArn': rule.arn, 'Conditions': as_arguments(parked(frozenset({('rule', rule.arn, ())})))},
        why=[Change('elb.rules', rule.priority, None)],
    )


def delete_rule(draft: Draft, rule: Rule, after: Iterable[str | None] = ()) -> str:
    return draft.add(
        f'rule/delete/{rule.arn}',
        'elbv2:DeleteRule',
        f'Delete the rule with priority {rule.priority}',
        {'RuleArn': rule.arn},
        after=after,
        why=[Change('elb.rules', rule.priority, None)],
    )


def has_leftovers(observed: Observed, owner: Owner, seen_to: frozenset[str]) -> bool:
    """Whether parts are tagged as the owner's own that are not in `seen_to` (ARNs)."""
    parts: Sequence[LoadBalancer | TargetGroup | Registry] = (
        *observed.index.load_balancers_of(owner),
        *observed.index.target_groups_of(owner),
        *observed.index.registries_of(owner),
    )
    return any(part.arn not in seen_to for part in parts)


def plan_leftovers(draft: Draft, observed: Observed, seen_to: frozenset[str], after: list[str | None]) -> None:
    """Add the steps that delete the parts tagged as the owner's own, except those in `seen_to` (ARNs)."""
    groups = observed.index.target_groups_of(draft.owner)
    goes = [one for one in observed.index.load_balancers_of(draft.owner) if one.arn not in seen_to]
    for balancer in goes:
        _remove_load_balancer(draft, observed, balancer, groups, after)
    for group in groups:
        if group.arn not in seen_to:
            _remove_target_group(draft, observed, group, {one.arn for one in goes}, after)
    for registry in observed.index.registries_of(draft.owner):
        if registry.arn not in seen_to:
            _remove_registry(draft, observed, registry.arn, registry.id, registry.name, after)


def _remove_load_balancer(
    draft: Draft, observed: Observed, balancer: LoadBalancer, groups: Sequence[TargetGroup], after: list[str | None]
) -> None:
    own = {group.arn for group in groups} | {None}
    first = [
        delete_record(draft, record, after)
        for record in observed.index.records_to(names.alias_target(balancer.dns_name))
        if (record.zone, record.name) not in draft.records
    ]
    others = sorted(other.port for other in balancer.listeners if other.target_group not in own)
    listeners = [
        draft.add(
            f'listener/delete/{listener.arn}',
            'elbv2:DeleteListener',
            f'Delete the listener of {balancer.name} on port {listener.port}',
            {'ListenerArn': listener.arn},
            after=[*after, *first],
        )
        for listener in balancer.listeners
        if listener.target_group in own
    ]
    if others:
        ports = ', '.join(map(str, others))
        draft.note(f'The load balancer {balancer.name} stays: its listener on port {ports} forwards elsewhere.')
        return
    draft.add(
        f'load-balancer/delete/{balancer.arn}',
        'elbv2:DeleteLoadBalancer',
        f'Delete the load balancer {balancer.name}',
        {'LoadBalancerArn': balancer.arn},
        after=[*after, *first, *listeners],
        why=[Change('elb', balancer.name, None)],
    )


def _remove_target_group(
    draft: Draft, observed: Observed, group: TargetGroup, balancers: set[str], after: list[str | None]
) -> None:
    users = _others(draft, observed, group.arn)
    if users:
        draft.note(f'The target group {group.name} stays: {", ".join(users)} still uses it.')
        return
    known = observed.index.load_balancers
    elsewhere = [
        known[arn].name if arn in known else arn
        for arn in group.load_balancers
        if arn not in balancers and not (arn in known and _frees(draft, known[arn], group))
    ]
    if elsewhere:
        draft.note(f'The target group {group.name} stays: the load balancer {", ".join(elsewhere)} leads to it.')
        return
    freed = [
        step.id
        for step in draft.steps
        if step.kind in _FREEING or (step.kind == 'elbv2:CreateListener' and group.load_balancers)
    ]
    leading = {names.alias_target(known[arn].dns_name) for arn in group.load_balancers if arn in known}
    after = [*after, *_delete_own_records(draft, observed, group, leading)]
    draft.add(
        f'target-group/delete/{group.arn}',
        'elbv2:DeleteTargetGroup',
        f'Delete the target group {group.name}',
        {'TargetGroupArn': group.arn},
        after=[*after, *freed],
        why=[Change('elb.target_group', group.name, None)],
        not_yet=STILL_HELD,
    )


def _delete_own_records(draft: Draft, observed: Observed, group: TargetGroup, leading: set[str]) -> list[str]:
    """Delete the records of a service behind a shared load balancer, which its target group is tagged with."""
    places = names.tagged_records(group.tags.get(names.RECORD_TAG, ''))
    found = [record_at(observed, *place) for place in places if place not in draft.records]
    return [delete_record(draft, record, []) for record in found if record and record.target in leading]


def _frees(draft: Draft, balancer: LoadBalancer, group: TargetGroup) -> bool:
    """Whether the plan removes all that leads from a load balancer to the target group."""
    if names.owner(balancer.tags) == draft.owner:
        return True
    if any(group.arn in {listener.target_group, *listener.idle} for listener in balancer.listeners):
        return False
    rules = [rule for listener in balancer.listeners for rule in listener.rules if group.arn in rule.forwards]
    changed = {
        step.arguments.get('RuleArn') for step in draft.steps if step.kind in ('elbv2:DeleteRule', 'elbv2:ModifyRule')
    }
    return bool(rules) and all(rule.arn in changed for rule in rules)


def _others(draft: Draft, observed: Observed, arn: str) -> list[str]:
    """The names of the other services that use a target group or an entry in Cloud Map."""
    return sorted(name for name in observed.users.get(arn, ()) if name != draft.service)


def _remove_registry(
    draft: Draft, observed: Observed, arn: str, registry: str, name: str, after: list[str | None]
) -> None:
    users = _others(draft, observed, arn)
    if users:
        draft.note(f'The Cloud Map service {name} stays: {", ".join(users)} still uses it.')
        return
    draft.add(
        f'registry/delete/{registry}',
        'servicediscovery:DeleteService',
        f'Delete the Cloud Map service {name}',
        {'Id': registry},
        after=after,
        why=[Change('dns_discovery.name', name, None)],
        not_yet=STILL_HELD,
    )


def _task_definitions(draft: Draft, observed: Observed, after: list[str | None]) -> None:
    family_members = observed.families.get(family(draft.owner.cluster, draft.service), ())
    for definition in family_members:
        if names.owner(definition.tags) == draft.owner:
            name = definition.arn.rpartition('/')[2]
            draft.add(
                f'task-definition/deregister/{name}',
                'ecs:DeregisterTaskDefinition',
                f'Deregister the task definition {name}',
                {'taskDefinition': definition.arn},
                after=after,
            )
    foreign = sum(names.owner(member.tags) != draft.owner for member in family_members)
    if foreign:
        draft.note(f'{foreign} task definitions of its family were not created by Nysa: they stay.')

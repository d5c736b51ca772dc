"""What goes away: a whole service with all its parts, or parts that it no longer uses.

In the order in which AWS lets go. The alias record goes first of the parts: it is known by the load balancer that it
points at, and a name that leads nowhere can be taken by somebody else.
"""

from collections.abc import Callable, Iterable, Sequence

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.names import Owner
from stack.reconcile.observed import Answer, LoadBalancer, Observed, Registry, Service, TargetGroup
from stack.reconcile.plan import Change, Until
from stack.reconcile.record import delete_record
from stack.stackfile.naming import family

# The codes with which Elastic Load Balancing and Cloud Map say that something still holds on for a moment.
STILL_HELD = ('ResourceInUse',)


def plan_destroy(draft: Draft, observed: Observed) -> None:
    """Add the steps that remove the service of the draft's owner, and every part that is marked as its own."""
    service = observed.service(draft.service)
    if service and names.owner(service.tags) != draft.owner:
        draft.note('It was not made by Nysa: it is left alone.')
        return
    gone = delete_service(draft, service, observed.cluster) if service else None
    plan_leftovers(draft, observed, frozenset(), after=[gone])
    _task_definitions(draft, observed, after=[gone])


def delete_service(
    draft: Draft,
    service: Service,
    cluster: str,
    *,
    why: Iterable[Change] = (),
    after: Iterable[str | None] = (),
) -> str:
    """Add the steps that end an ECS service, and give the id of the one that waits until it has gone.

    `after` are steps that come first: all that a successor needs.
    """
    after = list(after)
    which = {'cluster': cluster, 'service': service.name}
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
            )
        text = f'Delete the service {service.name}'
        arguments = {**which, 'force': True}
        deleted = draft.add('service/delete', 'ecs:DeleteService', text, arguments, after=[emptied, *after], why=why)
    return draft.add(
        'service/gone',
        'ecs:DescribeServices',
        f'Wait until the tasks of {service.name} have stopped',
        {'cluster': cluster, 'services': [service.name]},
        after=[deleted],
        until=Until('services.0.status', ('INACTIVE', None)),
    )


def has_leftovers(observed: Observed, owner: Owner, seen_to: frozenset[str]) -> bool:
    """Whether there are parts marked as the owner's own besides those that are `seen_to` (by ARN)."""
    parts: Sequence[LoadBalancer | TargetGroup | Registry] = (
        *observed.load_balancers,
        *observed.target_groups,
        *observed.registries,
    )
    return any(names.owner(each.tags) == owner and each.arn not in seen_to for each in parts)


def plan_leftovers(draft: Draft, observed: Observed, seen_to: frozenset[str], after: list[str | None]) -> None:
    """Add the steps that remove parts marked as the owner's own, all but those that are `seen_to` (by ARN)."""
    balancers = [each for each in observed.load_balancers if names.owner(each.tags) == draft.owner]
    groups = [each for each in observed.target_groups if names.owner(each.tags) == draft.owner]
    goes = [each for each in balancers if each.arn not in seen_to]
    for balancer in goes:
        _remove_load_balancer(draft, observed, balancer, groups, after)
    for group in groups:
        if group.arn not in seen_to:
            _remove_target_group(draft, observed, group, {each.arn for each in goes}, after)
    for registry in observed.registries:
        if names.owner(registry.tags) == draft.owner and registry.arn not in seen_to:
            _remove_registry(draft, observed, registry.arn, registry.id, registry.name, after)


def _remove_load_balancer(
    draft: Draft, observed: Observed, balancer: LoadBalancer, groups: list[TargetGroup], after: list[str | None]
) -> None:
    ours = {each.arn for each in groups} | {None}
    first = [
        delete_record(draft, record, after)
        for record in observed.records
        if record.target == names.alias_target(balancer.dns_name) and (record.zone, record.name) not in draft.records
    ]
    others = sorted(each.port for each in balancer.listeners if each.target_group not in ours)
    listeners = [
        draft.add(
            f'listener/delete/{listener.arn}',
            'elbv2:DeleteListener',
            f'Delete the listener of {balancer.name} on port {listener.port}',
            {'ListenerArn': listener.arn},
            after=[*after, *first],
        )
        for listener in balancer.listeners
        if listener.target_group in ours
    ]
    if others:
        ports = ', '.join(map(str, others))
        draft.note(f'The load balancer {balancer.name} stays: its listener on port {ports} leads to something else.')
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
    users = _others(draft, observed, lambda other: _names_it(other.load_balancers, 'targetGroupArn', group.arn))
    if users:
        draft.note(f'The target group {group.name} stays: {", ".join(users)} still uses it.')
        return
    known = {each.arn: each for each in observed.load_balancers}
    elsewhere = [
        known[arn].name if arn in known else arn
        for arn in group.load_balancers
        if arn not in balancers and not (arn in known and names.owner(known[arn].tags) == draft.owner)
    ]
    if elsewhere:
        draft.note(f'The target group {group.name} stays: the load balancer {", ".join(elsewhere)} leads to it.')
        return
    freed = [
        each.id
        for each in draft.steps
        if each.kind in ('elbv2:DeleteListener', 'elbv2:ModifyListener', 'elbv2:DeleteLoadBalancer')
        or (each.kind == 'elbv2:CreateListener' and group.load_balancers)
    ]
    draft.add(
        f'target-group/delete/{group.arn}',
        'elbv2:DeleteTargetGroup',
        f'Delete the target group {group.name}',
        {'TargetGroupArn': group.arn},
        after=[*after, *freed],
        why=[Change('elb.target_group', group.name, None)],
        not_yet=STILL_HELD,
    )


def _names_it(parts: Iterable[Answer], key: str, arn: str) -> bool:
    return any(each.get(key) == arn for each in parts)


def _others(draft: Draft, observed: Observed, uses: Callable[[Service], bool]) -> list[str]:
    """The names of all other services that use something."""
    services = observed.services.values()
    return sorted(each.name for each in services if each.name != draft.service and each.active and uses(each))


def _remove_registry(
    draft: Draft, observed: Observed, arn: str, registry: str, name: str, after: list[str | None]
) -> None:
    users = _others(draft, observed, lambda other: _names_it(other.registries, 'registryArn', arn))
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
    found = observed.families.get(family(draft.owner.cluster, draft.service), ())
    for definition in found:
        if names.owner(definition.tags) == draft.owner:
            name = definition.arn.rpartition('/')[2]
            draft.add(
                f'task-definition/deregister/{name}',
                'ecs:DeregisterTaskDefinition',
                f'Deregister the task definition {name}',
                {'taskDefinition': definition.arn},
                after=after,
            )
    strangers = sum(names.owner(each.tags) != draft.owner for each in found)
    if strangers:
        draft.note(f'{strangers} task definitions of its family were not made by Nysa: they stay.')

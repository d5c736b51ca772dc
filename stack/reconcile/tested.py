"""The listener for tests of a service's own load balancer, which leads to the new revision before others do.

It names both target groups between which ECS shifts traffic, and ECS alone writes their weights, as in the listener
for all requests. The load balancer has its port in a tag from before it is created.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.plan import Change, ResultOf, differences
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.shifting import Groups, default_rule, weights
from stack.reconcile.wanted_balancers import Balancer

Ref = str | ResultOf


def for_tests(balancer: LoadBalancer) -> Listener | None:
    """The listener for tests, if any."""
    ports = balancer.tags.get(names.TEST_TAG, '').split()
    return next((listener for listener in balancer.listeners if str(listener.port) in ports), None)


def for_requests(balancer: LoadBalancer) -> tuple[Listener, ...]:
    """All other listeners."""
    return tuple(listener for listener in balancer.listeners if listener != for_tests(balancer))


def tag_of_tests(*ports: int | None) -> dict[str, str]:
    """The tag of a load balancer; empty where it has no listener for tests."""
    stated = dict.fromkeys(str(port) for port in ports if port)
    return {names.TEST_TAG: ' '.join(stated)} if stated else {}


def check_ports(wanted: Balancer, there: LoadBalancer) -> None:
    """Raises `Blocked` where the listener for tests would have to change places with another one."""
    known = for_tests(there)
    if known and known.port == wanted.port:
        raise Blocked(
            f'Its listener for tests is on port {wanted.port}: remove ports.test, or change it, before ports.public.'
        )
    if wanted.test_port and any(one.port == wanted.test_port for one in for_requests(there)):
        raise Blocked(f'Its load balancer has another listener on port {wanted.test_port}: state another ports.test.')


def plan_tests(
    draft: Draft, wanted: Balancer, balancer: PlannedBalancer, groups: Groups, encryption: Mapping[str, Any]
) -> tuple[Ref, list[str]]:
    """Add the steps for the listener; the rule or listener that ECS has to know, and the steps that it comes after.

    `encryption`: the members of CreateListener for its certificate. Raises `Blocked`.
    """
    there = balancer.there
    known = for_tests(there) if there else None
    ports = there.tags.get(names.TEST_TAG, '').split() if there else []
    before = None
    if there and str(wanted.test_port) not in ports:
        before = _mark(draft, 'tag', there, tag_of_tests(wanted.test_port, known.port if known else None))
    listener: Ref = known.arn if known else ''
    if known:
        changed = _change(draft, wanted, known, groups, encryption, after=before)
    else:
        changed = _create(draft, wanted, balancer, groups, encryption, after=before)
        listener = ResultOf(changed, 'Listeners.0.ListenerArn')
    if there and known and (before or ports != [str(wanted.test_port)]):
        _mark(draft, 'moved', there, tag_of_tests(wanted.test_port), after=(before, changed))
    rule = groups.pair.test if groups.pair else ''
    found = default_rule(draft, 'test-rule', listener, rule, network=wanted.kind == 'network')
    return found, [step for step in (before, changed) if step]


def _create(
    draft: Draft,
    wanted: Balancer,
    balancer: PlannedBalancer,
    groups: Groups,
    encryption: Mapping[str, Any],
    *,
    after: str | None,
) -> str:
    return draft.add(
        'listener/test',
        'elbv2:CreateListener',
        f'Create the listener for tests of {wanted.name} on port {wanted.test_port}',
        {
            'LoadBalancerArn': balancer.arn,
            'Port': wanted.test_port,
            'Protocol': wanted.protocol,
            **encryption,
            'DefaultActions': [_action(groups)],
            'Tags': names.tag_list(draft.owner.tags),
        },
        after=[after],
        why=[Change('elb.ports.test', None, wanted.test_port)],
    )


def _action(groups: Groups) -> dict[str, Any]:
    """Test traffic goes where all other goes, until ECS shifts it."""
    assert groups.alternate
    if groups.pair and groups.pair.is_shifting:
        raise Blocked('ECS shifts its traffic now: its listener for tests follows once that has ended.')
    both = (groups.first, groups.alternate.group)
    serving = groups.pair.serving if groups.pair else None
    return weights(*(both if serving in (None, groups.first) else reversed(both)))


def _mark(
    draft: Draft, name: str, there: LoadBalancer, tags: Mapping[str, str], after: Iterable[str | None] = ()
) -> str:
    """Set the tag: with both ports before the listener moves from one to the other."""
    return draft.add(
        f'listener/test/{name}',
        'elbv2:AddTags',
        f'Tag {there.name} with the port of its listener for tests',
        {'ResourceArns': [there.arn], 'Tags': names.tag_list(tags)},
        after=after,
    )


def _change(
    draft: Draft,
    wanted: Balancer,
    known: Listener,
    groups: Groups,
    encryption: Mapping[str, Any],
    *,
    after: str | None,
) -> str | None:
    """Change the listener, its action only where it does not name both target groups."""
    assert groups.alternate
    certificate = known.certificates[0] if known.certificates else None
    now = {'test': known.port, 'protocol': known.protocol, 'certificate': certificate}
    then = {'test': wanted.test_port, 'protocol': wanted.protocol, 'certificate': wanted.certificate}
    if 'SslPolicy' in encryption:
        now['ssl_policy'], then['ssl_policy'] = known.ssl_policy, encryption['SslPolicy']
    changes = differences(now, then, 'elb.ports')
    wired = {groups.first, groups.alternate.group} <= set(known.named)
    if not changes and wired:
        return None
    action = {} if wired else {'DefaultActions': [_action(groups)]}
    return draft.add(
        'listener/test',
        'elbv2:ModifyListener',
        f'Change the listener for tests of {wanted.name}',
        {'ListenerArn': known.arn, 'Port': wanted.test_port, 'Protocol': wanted.protocol, **encryption, **action},
        after=[after],
        why=changes,
    )


def plan_no_tests(draft: Draft, there: LoadBalancer, observed: Observed) -> None:
    """Delete the listener for tests once no deployment of the service uses it, and then its port in the tag."""
    service, listener = observed.service(draft.service), for_tests(there)
    deleted = None
    if listener:
        updated = [step.id for step in draft.steps if step.kind == 'ecs:UpdateService']
        unused = None
        if service and (updated or service.deployments > 1):
            text = f'Wait until no deployment of {service.name} uses its listener for tests'
            unused = draft.wait_for_rollout('listener/test/unused', text, updated)
        deleted = draft.add(
            f'listener/delete/{listener.arn}',
            'elbv2:DeleteListener',
            f'Delete the listener for tests of {there.name} on port {listener.port}',
            {'ListenerArn': listener.arn},
            after=[unused],
            why=[Change('elb.ports.test', listener.port, None)],
        )
    draft.add(
        'listener/test/tag',
        'elbv2:RemoveTags',
        f'Remove the port of the listener for tests from the tags of {there.name}',
        {'ResourceArns': [there.arn], 'TagKeys': [names.TEST_TAG]},
        after=[deleted],
    )

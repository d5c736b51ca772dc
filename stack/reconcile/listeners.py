"""The shared listeners of one plan, of the cluster's load balancers and of other owners, with the places of rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.handover import Attachment, left, predecessors
from stack.reconcile.load_balancer import still_serving
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.routed import Located, plan_routed
from stack.reconcile.rule_places import Claim, Place, Places, assign
from stack.reconcile.shared_balancers import plan_shared
from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_balancers import Routed
from stack.reconcile.wanted_shared import Shared

# The ARN of a listener of other owners, or name of a shared load balancer and port.
Key = str | tuple[str, int]


@dataclass
class Listeners:
    """`located` has a text instead of a listener that cannot be used: the reason."""

    shared: tuple[Shared, ...] = ()
    located: dict[Key, Located | str] = field(default_factory=dict)
    places: dict[Key, Places] = field(default_factory=dict)

    def locate(self, routed: Routed) -> Located:
        """The listener of a routed service. Raises `Blocked`."""
        found = self.located.get(_key(routed))
        if not isinstance(found, Located):
            raise Blocked(found or f'There is no listener {routed.listener or routed.balancer}.')
        return found

    def places_of(self, owner: Owner, routed: Routed) -> tuple[Place, ...]:
        """The places of the rules. Raises `Blocked` where a priority is another owner's."""
        places = self.places[_key(routed)]
        if owner in places.conflicts:
            raise Blocked(places.conflicts[owner])
        return places.of[owner, routed.key]


def find_listeners(draft: Draft, shared: Sequence[Shared], wanted: Iterable[Wanted], observed: Observed) -> Listeners:
    """Add the steps for shared load balancers and for priorities of rules; the listeners that services can use."""
    found = Listeners(tuple(shared))
    for balancer in shared:
        attempt = Draft(draft.owner)
        try:
            found.located.update(plan_shared(attempt, balancer, observed).items())
        except Blocked as blocked:
            found.located |= {(balancer.name, listener.port): str(blocked) for listener in balancer.listeners}
            continue
        draft.steps += attempt.steps
    for service in wanted:
        for routed in service.balancers.routed:
            if routed.listener and routed.listener not in found.located:
                found.located[routed.listener] = _of_others(routed.listener, observed)
    for key, claims in _claims(wanted, observed).items():
        located = found.located.get(key)
        if isinstance(located, Located):
            found.places[key] = assign(claims, located.there.rules if located.there else ())
            found.located[key] = _with_moves(draft, located, found.places[key])
    return found


def plan_all_routed(
    draft: Draft, wanted: Wanted, listeners: Listeners, observed: Observed, has_own: bool
) -> list[Attachment]:
    """The attachments of a service behind shared listeners. Raises `Blocked`.

    The first one succeeds load balancers of the service's own, where it is to have none (`has_own`).
    """
    runs = wanted.count > 0 or wanted.autoscaled
    found = []
    for routed in wanted.balancers.routed:
        located, places = listeners.locate(routed), listeners.places_of(draft.owner, routed)
        found.append(plan_routed(draft.scoped(routed.key), routed, located, places, observed, runs=runs))
    if found and not has_own:
        found[0] = _succeeding(draft, found[0], observed, 'ip' if wanted.network else 'instance')
    return found


def _succeeding(draft: Draft, attachment: Attachment, observed: Observed, target_type: str) -> Attachment:
    """The attachment with the load balancers of the service's own as predecessors, which stay for a while."""
    staying = tuple(old for old in predecessors(draft.owner, observed, ()) if not left(old, observed.at))
    groups = {one.target_group for old in staying for one in old.listeners if one.target_group}
    kept = still_serving(draft, observed, target_type, groups)
    return replace(
        attachment,
        predecessors=staying,
        also=attachment.also | kept,
        seen_to=attachment.seen_to | kept | {old.arn for old in staying},
        waits=attachment.waits or any(not left(old) for old in staying),
    )


def _key(routed: Routed) -> Key:
    return routed.listener or (routed.balancer, routed.port)


def _of_others(arn: str, observed: Observed) -> Located | str:
    for balancer in observed.load_balancers:
        for listener in balancer.listeners:
            if listener.arn == arn:
                there = PlannedBalancer(balancer.name, balancer.arn, balancer.dns_name, balancer.zone, balancer)
                return Located(there, balancer.vpc, arn, listener)
    return f'There is no listener {arn}.'


def _claims(wanted: Iterable[Wanted], observed: Observed) -> dict[Key, list[Claim]]:
    found: dict[Key, list[Claim]] = {}
    for service in wanted:
        there = observed.service(service.service)
        groups = there.target_groups if there else frozenset()
        for routed in service.balancers.routed:
            owner = Owner(observed.cluster, service.service)
            found.setdefault(_key(routed), []).append(Claim(owner, routed.key, routed.rules, groups))
    return found


def _with_moves(draft: Draft, located: Located, places: Places) -> Located:
    """Add the step that changes priorities, all of them at once, so that two rules can swap theirs."""
    if not places.moves or located.there is None:
        return located
    before = {rule.arn: rule.priority for rule in located.there.rules}
    moved = draft.add(
        f'rule-priorities/{located.there.arn}',
        'elbv2:SetRulePriorities',
        f'Change the priorities of rules on port {located.there.port} of {located.balancer.name}',
        {'RulePriorities': [{'RuleArn': arn, 'Priority': new} for arn, new in sorted(places.moves.items())]},
        why=[Change('elb.rules.priority', before[arn], new) for arn, new in sorted(places.moves.items())],
    )
    return replace(located, moved=moved)

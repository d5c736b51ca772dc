"""A service behind rules of a shared listener: its target group, and its rules created, changed, or switched.

No rule sends requests to a target group before a task is healthy in it: until then a new rule has conditions that no
request meets, and one that leads to another target group keeps that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stack.reconcile import names
from stack.reconcile.attached import Target
from stack.reconcile.conditions import Conditions, as_arguments, as_text, is_parked, parked, read_conditions
from stack.reconcile.draft import Draft
from stack.reconcile.handover import Attachment, Switch
from stack.reconcile.load_balancer import attached_groups, still_serving
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, Rule, TargetGroup
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.record import Alias, leads_elsewhere, plan_record
from stack.reconcile.rule_places import Place
from stack.reconcile.target_group import plan_target_group, usable_target_group
from stack.reconcile.wanted_balancers import Routed

Ref = str | ResultOf


@dataclass(frozen=True)
class Located:
    """A listener, which a step of the plan may create. `moved`: the step that changes priorities of its rules."""

    balancer: PlannedBalancer
    vpc: str
    listener: Ref
    there: Listener | None = None
    moved: str | None = None


def plan_routed(
    draft: Draft, wanted: Routed, located: Located, places: tuple[Place, ...], observed: Observed, *, runs: bool
) -> Attachment:
    """Add the steps for the target group and the rules. `runs`: the service is to have tasks. Raises `Blocked`."""
    wanted = replace(wanted, vpc=located.vpc)
    led_to = {place.there.target_group for place in places if place.there}
    group_there = usable_target_group(draft, wanted, observed, located.balancer.there, led_to)
    tags = {names.RECORD_TAG: names.records_tag(wanted.records)} if wanted.records else {}
    group = plan_target_group(draft, wanted, observed, group_there, tags)
    waits = runs and not _serves(draft, group_there, places, observed)
    planned = _Rules(draft, located, group, runs, waits)
    for i, place in enumerate(places):
        planned.add(str(i + 1) if i else '', place)
    alias = Alias(wanted.records, located.balancer, group_there)
    later = bool(planned.switches) or (waits and leads_elsewhere(alias, observed))
    if not later:
        plan_record(draft, alias, observed)
    before = planned.serving - {group}
    kept = still_serving(draft, observed, wanted.target_type, before)
    return Attachment(
        draft=draft,
        target=Target(group, wanted.container_port, wanted.container),
        ready=tuple(planned.ready),
        seen_to=frozenset(kept | planned.rules | ({group_there.arn} if group_there else set())),
        also=frozenset(kept),
        alias=alias,
        switches=tuple(planned.switches),
        predecessors=(),
        waits=later,
        interrupts=bool(before & attached_groups(draft, observed) - kept),
    )


def _serves(draft: Draft, group: TargetGroup | None, places: Iterable[Place], observed: Observed) -> bool:
    """Whether a rule sends requests to the target group now, and tasks of the service are in it."""
    service = observed.service(draft.service)
    if group is None or service is None or not service.running_count:
        return False
    rules = [place.there for place in places if place.there and place.there.target_group == group.arn]
    if not any(not is_parked(rule.conditions) for rule in rules):
        return False
    return group.arn in {attachment.get('targetGroupArn') for attachment in service.load_balancers}


class _Rules:
    """The steps for the rules of one target group: those before the service (`ready`), and the `switches` after it.

    `runs`: the service is to have tasks; `waits`: none of them is in the target group yet. `rules`: ARNs of the rules
    that stay. `serving`: target groups that the rules lead to now.
    """

    def __init__(self, draft: Draft, located: Located, group: Ref, runs: bool, waits: bool):
        self._draft = draft
        self._located = located
        self._group = group
        self._runs = runs
        self._waits = waits
        self.ready: list[str] = []
        self.switches: list[Switch] = []
        self.rules: set[str] = set()
        self.serving: set[str] = set()

    def add(self, key: str, place: Place) -> None:
        name = f'rule/{key}' if key else 'rule'
        if place.there is None:
            self._create(name, place)
            return
        self.rules.add(place.there.arn)
        if names.owner(place.there.tags) is None:
            self._draft.take_over(name, f'with priority {place.there.priority}', place.there.arn)
        self._change(name, place.wanted.conditions, place.there)

    def _create(self, name: str, place: Place) -> None:
        conditions = place.wanted.conditions
        change = Change('elb.rules', None, as_text(conditions))
        made = self._draft.add(
            name,
            'elbv2:CreateRule',
            f'Create the rule with priority {place.priority} ({as_text(conditions)})',
            {
                'ListenerArn': self._located.listener,
                'Priority': place.priority,
                'Conditions': as_arguments(parked(conditions) if self._waits else conditions),
                'Actions': [_forward(self._group)],
                'Tags': names.tag_list(self._draft.owner.tags),
            },
            after=[self._located.moved],
            why=[change],
        )
        self.ready.append(made)
        if self._waits:
            arguments = {'RuleArn': ResultOf(made, 'Rules.0.RuleArn'), 'Conditions': as_arguments(conditions)}
            text = f'Send requests to the service ({as_text(conditions)})'
            self.switches.append(Switch(f'{name}/open', 'elbv2:ModifyRule', text, arguments, (change,), (made,)))

    def _change(self, name: str, wanted: Conditions, rule: Rule) -> None:
        """Change conditions at once, unless requests would meet a target group without a healthy target."""
        found = read_conditions(rule.conditions)
        opens = found == parked(wanted)
        before = None if opens or found is None else as_text(found)
        change = Change('elb.rules', before, as_text(wanted))
        arguments: dict[str, Any] = {'Conditions': as_arguments(wanted)} if found != wanted else {}
        text = f'Change the rule with priority {rule.priority} ({as_text(wanted)})'
        target = rule.target_group
        if target != self._group:
            self._redirect(name, rule, target, arguments, text, change)
        elif arguments and (opens or self._waits):
            self.switches.append(Switch(name, 'elbv2:ModifyRule', text, {'RuleArn': rule.arn, **arguments}, (change,)))
        elif arguments:
            self._modify(name, text, {'RuleArn': rule.arn, **arguments}, change)

    def _redirect(
        self, name: str, rule: Rule, serving: str | None, arguments: Mapping[str, Any], text: str, change: Change
    ) -> None:
        """Lead a rule to another target group, at once where nothing serves."""
        actions = {'RuleArn': rule.arn, **arguments, 'Actions': [_forward(self._group)]}
        if serving is None or not self._runs:
            self.ready.append(self._modify(name, text, actions, change))
            return
        self.serving.add(serving)
        if self._group not in rule.forwards:
            weights = [{'TargetGroupArn': serving, 'Weight': 1}, {'TargetGroupArn': self._group, 'Weight': 0}]
            idle = {'Type': 'forward', 'ForwardConfig': {'TargetGroups': weights}}
            added = f'Add the new target group to the rule with priority {rule.priority}, with weight 0'
            self.ready.append(
                self._modify(f'{name}/add-target-group', added, {'RuleArn': rule.arn, 'Actions': [idle]}, None)
            )
        self.switches.append(Switch(name, 'elbv2:ModifyRule', text, actions, (change,)))

    def _modify(self, name: str, text: str, arguments: Mapping[str, Any], change: Change | None) -> str:
        return self._draft.add(name, 'elbv2:ModifyRule', text, arguments, why=[change] if change else ())


def _forward(group: Ref) -> dict[str, Any]:
    return {'Type': 'forward', 'TargetGroupArn': group}

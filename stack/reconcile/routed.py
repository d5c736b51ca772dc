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
from stack.reconcile.shifting import (
    Groups,
    Pair,
    forward,
    idle_beside,
    leading_to,
    pair_of,
    plan_alternate,
    weights,
)
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
    rules = [place.there for place in places if place.there]
    pairs = [pair_of(draft, observed, rule.target_group, rule.forwards) for rule in rules]
    pair = next(filter(None, pairs), None)
    led_to = leading_to(pair, wanted.shift, {rule.target_group for rule in rules})
    group_there = usable_target_group(draft, wanted, observed, located.balancer.there, led_to)
    tags = {names.RECORD_TAG: names.records_tag(wanted.records)} if wanted.records else {}
    group = plan_target_group(draft, wanted, observed, group_there, tags)
    alternate, beside = plan_alternate(draft, wanted, group, located.balancer.there, pair, observed)
    groups = Groups(group, alternate, pair)
    waits = runs and not _serves(draft, group_there, rules, pair, observed)
    planned = _Rules(draft, located, groups, runs, waits)
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
        target=Target(group, wanted.container_port, wanted.container, shift=planned.shift),
        ready=tuple(planned.ready),
        seen_to=frozenset(kept | planned.rules | beside | ({group_there.arn} if group_there else set())),
        also=frozenset(kept),
        alias=alias,
        switches=tuple(planned.switches),
        predecessors=(),
        waits=later,
        interrupts=bool(before & attached_groups(draft, observed) - kept),
    )


def _serves(
    draft: Draft, group: TargetGroup | None, rules: Iterable[Rule], pair: Pair | None, observed: Observed
) -> bool:
    """Whether a rule sends requests to the target group or its pair now, and tasks of the service are there."""
    service = observed.service(draft.service)
    if group is None or service is None or not service.running_count:
        return False
    of_pair = {pair.first, pair.other} if pair else set()
    leading = [rule for rule in rules if rule.target_group == group.arn or of_pair & set(rule.forwards)]
    if not any(not is_parked(rule.conditions) for rule in leading):
        return False
    return group.arn in of_pair | service.target_groups


class _Rules:
    """The steps for the rules of one target group: those before the service (`ready`), and the `switches` after it.

    `runs`: the service is to have tasks; `waits`: none of them is in the target group yet. `rules`: ARNs of the rules
    that stay. `serving`: target groups that the rules lead to now. `shift`: the members of `advancedConfiguration`
    where ECS shifts traffic: it writes the actions of the rule then.
    """

    def __init__(self, draft: Draft, located: Located, groups: Groups, runs: bool, waits: bool):
        self._draft = draft
        self._located = located
        self._groups = groups
        self._group = groups.first
        self.shift: dict[str, Ref] | None = None
        self._runs = runs
        self._waits = waits
        self.ready: list[str] = []
        self.switches: list[Switch] = []
        self.rules: set[str] = set()
        self.serving: set[str] = set()

    def add(self, key: str, place: Place) -> None:
        name = f'rule/{key}' if key else 'rule'
        production: Ref
        if place.there is None:
            production = ResultOf(self._create(name, place), 'Rules.0.RuleArn')
        else:
            production = place.there.arn
            self._keep(name, place, place.there)
        if self._groups.alternate and self.shift is None:
            self.shift = self._groups.alternate.configuration(production)

    def _keep(self, name: str, place: Place, there: Rule) -> None:
        self.rules.add(there.arn)
        if names.owner(there.tags) is None:
            self._draft.take_over(name, f'with priority {there.priority}', there.arn)
        self._change(name, place.wanted.conditions, there)

    def _create(self, name: str, place: Place) -> str:
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
                'Actions': [self._groups.action],
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
        return made

    def _change(self, name: str, wanted: Conditions, rule: Rule) -> None:
        """Change conditions at once, unless requests would meet a target group without a healthy target."""
        found = read_conditions(rule.conditions)
        opens = found == parked(wanted)
        before = None if opens or found is None else as_text(found)
        change = Change('elb.rules', before, as_text(wanted))
        arguments: dict[str, Any] = {'Conditions': as_arguments(wanted)} if found != wanted else {}
        text = f'Change the rule with priority {rule.priority} ({as_text(wanted)})'
        target = rule.target_group
        if self._groups.alternate:
            self._name_both(name, rule, self._groups.alternate.group)
        elif target == self._group and len(rule.forwards) > 1:
            self._name_one(name, rule)
        if target != self._group and not self._groups.alternate:
            self._redirect(name, rule, target, arguments, text, change)
        elif arguments and (opens or self._waits):
            self.switches.append(Switch(name, 'elbv2:ModifyRule', text, {'RuleArn': rule.arn, **arguments}, (change,)))
        elif arguments:
            self._modify(name, text, {'RuleArn': rule.arn, **arguments}, change)

    def _name_both(self, name: str, rule: Rule, alternate: Ref) -> None:
        """Add the other target group to a rule, before ECS shifts its traffic for the first time."""
        if action := idle_beside(rule.target_group, self._group, alternate, rule.forwards):
            text = f'Add the alternate target group to the rule with priority {rule.priority}, with weight 0'
            arguments = {'RuleArn': rule.arn, 'Actions': [action]}
            self.ready.append(self._modify(f'{name}/alternate', text, arguments, None))

    def _name_one(self, name: str, rule: Rule) -> None:
        """Remove a target group that gets no requests, once ECS shifts no traffic any more."""
        text = f'Remove the other target group from the rule with priority {rule.priority}'
        arguments = {'RuleArn': rule.arn, 'Actions': [forward(self._group)]}
        if self._runs:
            self.switches.append(Switch(f'{name}/alone', 'elbv2:ModifyRule', text, arguments, ()))
        else:
            self._modify(f'{name}/alone', text, arguments, None)

    def _redirect(
        self, name: str, rule: Rule, serving: str | None, arguments: Mapping[str, Any], text: str, change: Change
    ) -> None:
        """Lead a rule to another target group, at once where nothing serves."""
        actions = {'RuleArn': rule.arn, **arguments, 'Actions': [forward(self._group)]}
        if serving is None or not self._runs:
            self.ready.append(self._modify(name, text, actions, change))
            return
        self.serving.add(serving)
        if self._group not in rule.forwards:
            idle = weights(serving, self._group)
            added = f'Add the new target group to the rule with priority {rule.priority}, with weight 0'
            self.ready.append(
                self._modify(f'{name}/add-target-group', added, {'RuleArn': rule.arn, 'Actions': [idle]}, None)
            )
        self.switches.append(Switch(name, 'elbv2:ModifyRule', text, actions, (change,)))

    def _modify(self, name: str, text: str, arguments: Mapping[str, Any], change: Change | None) -> str:
        return self._draft.add(name, 'elbv2:ModifyRule', text, arguments, why=[change] if change else ())

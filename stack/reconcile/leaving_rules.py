"""Rules of a service that its stackfile declares no longer.

A rule whose requests another listener gets now stays until clients have the new address, as in `handover`: it is tagged
with the time of the switch, and a later pass deletes it. Any other one is deleted at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from stack.reconcile import names
from stack.reconcile.conditions import read_conditions
from stack.reconcile.destroy import delete_rule, own_rules
from stack.reconcile.draft import Draft
from stack.reconcile.handover import GRACE_S, Attachment
from stack.reconcile.load_balancer import still_serving
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Rule
from stack.reconcile.plan import Change
from stack.reconcile.wanted import Wanted


@dataclass(frozen=True)
class Leaving:
    """`stay`: ARNs of rules that stay for now; `kept`: their target groups. `unmarked`: rules without the time yet."""

    stay: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    unmarked: tuple[Rule, ...] = field(default=())


def plan_leaving_rules(draft: Draft, wanted: Wanted, attached: Iterable[Attachment], observed: Observed) -> Leaving:
    """Add the deletion of rules that nothing replaces, and return those that stay for a while."""
    if wanted.declared is not None:
        return Leaving()
    attached = list(attached)
    used: frozenset[str] = frozenset().union(*(each.seen_to for each in attached))
    named = {other.arn for other in wanted.balancers.others}
    elsewhere = {rule.conditions for routed in wanted.balancers.routed for rule in routed.rules}
    staying = []
    for rule in own_rules(draft, observed):
        if rule.arn in used or rule.target_group in named:
            continue
        moved = bool(wanted.balancers.own) or read_conditions(rule.conditions) in elsewhere
        if moved and not _is_over(rule, observed.at):
            staying.append(rule)
        else:
            delete_rule(draft, rule)
    groups = {rule.target_group for rule in staying}
    types = 'ip' if wanted.network else 'instance'
    return Leaving(
        stay=frozenset(rule.arn for rule in staying),
        kept=frozenset(still_serving(draft, observed, types, groups)),
        unmarked=tuple(rule for rule in staying if names.LEFT_TAG not in rule.tags),
    )


def plan_marks(draft: Draft, leaving: Leaving, observed: Observed) -> None:
    """Tag the rules that stay with the time, after the steps by which other rules serve."""
    for rule in leaving.unmarked:
        draft.add(
            f'rule/leave/{rule.arn}',
            'elbv2:AddTags',
            f'Tag the rule with priority {rule.priority} with the time of the switch to its successor',
            {'ResourceArns': [rule.arn], 'Tags': names.tag_list({names.LEFT_TAG: str(int(observed.at))})},
            after=[step.id for step in draft.steps if step.kind != 'elbv2:DeleteRule'],
            why=[Change('elb.rules', rule.priority, None)],
        )
    for rule in own_rules(draft, observed):
        if rule.arn in leaving.stay:
            draft.note(f'The rule with priority {rule.priority} has a successor; a later pass deletes it.')


def _is_over(rule: Rule, at: float) -> bool:
    marked = rule.tags.get(names.LEFT_TAG, '')
    return marked.isdecimal() and at - int(marked) >= GRACE_S

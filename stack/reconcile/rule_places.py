"""The place of each wanted rule on its listener: the rule that is there already, if any, and its priority.

A priority that the stackfile states is used; any other is chosen once, and kept for as long as the rule exists.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stack.reconcile import names
from stack.reconcile.conditions import Conditions, parked, read_conditions
from stack.reconcile.names import Owner
from stack.reconcile.observed_balancers import Rule

MOST_PRIORITY = 50_000

# A chosen priority depends on how particular a rule is: more conditions and longer paths come first.
_FIRST_CHOSEN, _FOR_CONDITION, _FOR_LETTER, _MOST_LETTERS = 40_000, 5_000, 50, 90


@dataclass(frozen=True)
class WantedRule:
    """A rule of the desired state; `priority` is None where the stackfile states none."""

    conditions: Conditions
    priority: int | None = None


@dataclass(frozen=True)
class Claim:
    """The rules that one service wants on a listener. `groups`: the target groups that it is attached to."""

    owner: Owner
    key: str
    rules: tuple[WantedRule, ...]
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Place:
    """A wanted rule, the existing rule that becomes it (None for a new one), and its priority."""

    wanted: WantedRule
    there: Rule | None
    priority: int


@dataclass
class Places:
    """All places on one listener by service and key, priorities that change by rule ARN, and conflicts by service."""

    of: dict[tuple[Owner, str], tuple[Place, ...]] = field(default_factory=dict)
    moves: dict[str, int] = field(default_factory=dict)
    conflicts: dict[Owner, str] = field(default_factory=dict)


def assign(claims: Sequence[Claim], there: Iterable[Rule]) -> Places:
    """The places of all wanted rules on one listener, of which `there` are the rules without the default one."""
    existing = {rule.arn: rule for rule in there}
    matched = _matched(claims, existing)
    taken = {arn for arn in matched.values() if arn}
    found = Places()
    stated = _stated(claims)
    own = {claim.owner.cluster for claim in claims}
    used = set(stated)
    for rule in existing.values():
        whose = names.owner(rule.tags)
        if rule.arn in taken:
            continue
        if rule.priority in stated and whose is not None and whose.cluster in own:
            found.moves[rule.arn] = 0
        elif rule.priority in stated:
            found.conflicts[stated[rule.priority]] = (
                f'Priority {rule.priority} is that of a rule that Nysa did not create: choose another one.'
            )
        used.add(rule.priority)
    if found.conflicts:
        rest = assign([claim for claim in claims if claim.owner not in found.conflicts], existing.values())
        rest.conflicts |= found.conflicts
        return rest
    kept = {arn: existing[arn].priority for arn in taken}
    used |= set(kept.values())
    for claim in claims:
        places = []
        for i, wanted in enumerate(claim.rules):
            arn = matched[claim.owner, claim.key, i]
            known = existing[arn] if arn else None
            places.append(Place(wanted, known, _priority(wanted, known, stated, used)))
        found.of[claim.owner, claim.key] = tuple(places)
    for several in found.of.values():
        found.moves |= {
            place.there.arn: place.priority
            for place in several
            if place.there and place.there.priority != place.priority
        }
    for arn in [arn for arn, priority in found.moves.items() if not priority]:
        found.moves[arn] = _free(MOST_PRIORITY, used, -1)
    return found


def _stated(claims: Iterable[Claim]) -> dict[int, Owner]:
    return {rule.priority: claim.owner for claim in claims for rule in claim.rules if rule.priority is not None}


def _priority(wanted: WantedRule, there: Rule | None, stated: Mapping[int, Owner], used: set[int]) -> int:
    if wanted.priority is not None:
        return wanted.priority
    if there is not None and there.priority not in stated:
        return there.priority
    return _free(_first(wanted.conditions), used, 1)


def _first(conditions: Conditions) -> int:
    """The priority from which a free one is looked for."""
    paths = [values for name, _, values in conditions if name == 'path-pattern']
    letters = min((len(path.replace('*', '')) for values in paths for path in values), default=0)
    particular = min(len(conditions), 5)
    return _FIRST_CHOSEN - _FOR_CONDITION * (particular - 1) - _FOR_LETTER * min(letters, _MOST_LETTERS)


def _free(first: int, used: set[int], step: int) -> int:
    priority = first
    while priority in used and 1 < priority < MOST_PRIORITY + (step < 0):
        priority += step
    used.add(priority)
    return priority


def _matched(claims: Sequence[Claim], existing: Mapping[str, Rule]) -> dict[tuple[Owner, str, int], str | None]:
    """The ARN of the existing rule for each wanted one: of the same conditions first, then any other of the service.

    Of several with the same conditions, a rule with the wanted priority comes first, and one with a priority that is
    stated for another rule comes last: each of them keeps its own.
    """
    free, stated, known = dict(existing), _stated(claims), _Existing(existing.values())
    found: dict[tuple[Owner, str, int], str | None] = {}
    for claim in claims:
        candidates = known.may_become(claim)
        for i, wanted in enumerate(claim.rules):
            same = [rule for rule in candidates if rule.arn in free and _is(rule, wanted)]
            same.sort(key=lambda rule: (rule.priority != wanted.priority, rule.priority in stated))
            found[claim.owner, claim.key, i] = free.pop(same[0].arn).arn if same else None
    for claim in claims:
        for i, _ in enumerate(claim.rules):
            place = claim.owner, claim.key, i
            own = (rule for rule in known.own.get(claim.owner, ()) if rule.arn in free)
            rest = sorted(own, key=lambda rule: rule.priority)
            if found[place] is None and rest:
                found[place] = free.pop(rest[0].arn).arn
    return found


class _Existing:
    """The rules of a listener by owner, and those without an owner by the target group that they lead to."""

    def __init__(self, rules: Iterable[Rule]):
        self.own: dict[Owner, list[Rule]] = {}
        self._others: dict[str, list[Rule]] = {}
        self._places: dict[str, int] = {}
        for place, rule in enumerate(rules):
            self._places[rule.arn] = place
            if whose := names.owner(rule.tags):
                self.own.setdefault(whose, []).append(rule)
            elif rule.plain and rule.target_group:
                self._others.setdefault(rule.target_group, []).append(rule)

    def may_become(self, claim: Claim) -> list[Rule]:
        """The service's own rules, and those without an owner that lead to it, in the order of the listener."""
        leading = (rule for group in claim.groups for rule in self._others.get(group, ()))
        return sorted([*self.own.get(claim.owner, ()), *leading], key=lambda rule: self._places[rule.arn])


def _is(rule: Rule, wanted: WantedRule) -> bool:
    return read_conditions(rule.conditions) in (wanted.conditions, parked(wanted.conditions))

"""Autoscaling of a service: its scalable target, policies and scheduled actions, made, changed and removed.

A target is Nysa's by its tags, a policy or scheduled action by its name. What another program made is never changed:
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_Operations.html
"""

from collections.abc import Iterable
from dataclasses import replace

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change
from stack.reconcile.scalable_target import Answer, ScalableTarget, place
from stack.reconcile.scaling import Limits, Scaling, is_own, moment, part_name
from stack.reconcile.scaling_policies import Counted, delete_policy, is_declared_policy, plan_policies
from stack.reconcile.scaling_schedules import delete_action, is_declared_action, plan_schedules
from stack.reconcile.scaling_steps import ALREADY_GONE, BUSY, plan_alarms_removal, plan_steps
from stack.reconcile.wanted import Wanted
from stack.stackfile.autoscaling_fields import SUSPENSIONS

_GONE = 'autoscaling/gone'


def is_scaled(wanted: Wanted, observed: Observed) -> bool:
    """Whether the count of the service is an autoscaler's once the plan is done."""
    if wanted.autoscaled:
        return True
    target = observed.scaling.get(wanted.service)
    owner = names.Owner(observed.cluster, wanted.service)
    leaves = target is not None and wanted.declared is None and _goes_whole(owner, target)
    return wanted.service in observed.autoscaled and not leaves


def plan_autoscaling(draft: Draft, wanted: Wanted, observed: Observed, counted: Counted | None) -> None:
    """Add the steps that follow those of the service. `counted`: where its requests are counted, if anywhere."""
    stated = wanted.scaling
    if stated is None:
        return
    if observed.unknown_scaling:
        draft.note(f'Nothing is planned for its autoscaling: {observed.unknown_scaling}')
        return
    target = _kept(draft, observed.scaling.get(wanted.service))
    after = [step.id for step in draft.steps if step.kind in ('ecs:CreateService', 'ecs:UpdateService')]
    registered = _target(draft, stated, target, observed, after)
    plan_policies(draft, stated, target, counted, [*after, registered])
    plan_steps(draft, stated.steps, target, [*after, registered])
    plan_schedules(draft, stated, target, observed, [*after, registered])
    _note_others(draft, stated, target)


def _kept(draft: Draft, target: ScalableTarget | None) -> ScalableTarget | None:
    """The target without what the draft removes before the service is replaced."""
    removed = {step.id.removeprefix(f'{draft.service}/') for step in draft.steps}
    if target is None or _GONE in removed:
        return None
    return replace(
        target,
        policies=tuple(_without(target.policies, 'autoscaling/policy/delete/', removed)),
        alarms={} if any(step.startswith('autoscaling/alarm/delete/') for step in removed) else target.alarms,
        actions=tuple(_without(target.actions, 'autoscaling/schedule/delete/', removed)),
    )


def _without(parts: Iterable[Answer], step: str, removed: set[str]) -> Iterable[Answer]:
    return (part for part in parts if f'{step}{part_name(part)}' not in removed)


def plan_removal(draft: Draft, observed: Observed) -> list[str]:
    """Add the steps that remove Nysa's part of the autoscaling of the draft's service, and return their ids."""
    planned = [step.id for step in draft.steps if step.id.startswith(f'{draft.service}/autoscaling/')]
    target = observed.scaling.get(draft.service)
    if target is None or planned:
        return planned
    where = place(observed.cluster, draft.service)
    alarms = plan_alarms_removal(draft, target)
    if _goes_whole(draft.owner, target):
        gone = draft.add(
            _GONE,
            'application-autoscaling:DeregisterScalableTarget',
            f'Stop the autoscaling of {draft.service}',
            where,
            after=alarms,
            why=[Change('autoscaling', f'{target.minimum} to {target.maximum}', None)],
            not_yet=BUSY,
            already=ALREADY_GONE,
        )
        return [gone]
    steps = alarms + [delete_policy(draft, where, policy, alarms) for policy in target.policies if is_own(policy)]
    steps += [delete_action(draft, where, action) for action in target.actions if is_own(action)]
    if names.owner(target.tags) == draft.owner:
        draft.note(f'Its scalable target stays: {_listed(target)} of another program need it.')
    return steps


def _goes_whole(owner: names.Owner, target: ScalableTarget) -> bool:
    """Whether the target is the owner's, and holds nothing of another program's."""
    return names.owner(target.tags) == owner and not _listed(target)


def _listed(target: ScalableTarget) -> str:
    """The names of the policies and scheduled actions of other programs."""
    return ', '.join(sorted(part_name(part) for part in (*target.policies, *target.actions) if not is_own(part)))


def _target(
    draft: Draft, stated: Scaling, target: ScalableTarget | None, observed: Observed, after: list[str]
) -> str | None:
    limits = stated.limits_at(moment(observed.at))
    if target:
        there = Limits(target.minimum, target.maximum)
        # A schedule that is new has not set its limits yet.
        if there in (limits, stated.limits) and target.suspended == stated.suspended:
            return None
        if names.owner(target.tags) != draft.owner:
            draft.note(
                f'Its scalable target (from {there.minimum} to {there.maximum}) was not made by Nysa and stays as it '
                'is: deregister it, and the next pass makes one as declared.'
            )
            return None
        if there in (limits, stated.limits):
            limits = there
    return draft.add(
        'autoscaling/target',
        'application-autoscaling:RegisterScalableTarget',
        f'Scale {draft.service} between {limits.minimum} and {limits.maximum} tasks',
        {
            **place(observed.cluster, draft.service),
            'MinCapacity': limits.minimum,
            'MaxCapacity': limits.maximum,
            'SuspendedState': {member: word in stated.suspended for word, member in SUSPENSIONS.items()},
            # Only a new target accepts tags.
            **({} if target else {'Tags': draft.owner.tags}),
        },
        after=after,
        why=_limit_changes(target, limits, stated.suspended),
        not_yet=BUSY,
    )


def _limit_changes(target: ScalableTarget | None, limits: Limits, suspended: frozenset[str]) -> list[Change]:
    before = (target.minimum, target.maximum, sorted(target.suspended)) if target else (None, None, [])
    after = (limits.minimum, limits.maximum, sorted(suspended))
    paths = ('autoscaling.min', 'autoscaling.max', 'autoscaling.suspended')
    return [Change(path, one, other) for path, one, other in zip(paths, before, after, strict=True) if one != other]


def _note_others(draft: Draft, stated: Scaling, target: ScalableTarget | None) -> None:
    """Note the policies and scheduled actions of other programs that are not what is declared."""
    if target is None:
        return
    parts = (*target.policies, *target.actions)
    others = [
        part_name(part)
        for part in parts
        if not is_own(part) and not is_declared_policy(part, stated) and not is_declared_action(part, stated)
    ]
    if others:
        draft.note(f'What another program made to scale it stays and has effect: {", ".join(sorted(others))}.')

"""The steps for the scheduled actions of a service's autoscaling."""

from collections.abc import Mapping
from typing import Any

from stack.reconcile.draft import Draft
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change
from stack.reconcile.scalable_target import Answer, ScalableTarget, place
from stack.reconcile.scaling import Scaling, Schedule, is_own, moment, normal_action, part_name
from stack.reconcile.scaling_steps import ALREADY_GONE, BUSY


def plan_schedules(
    draft: Draft, stated: Scaling, target: ScalableTarget | None, observed: Observed, after: list[str | None]
) -> None:
    where = place(observed.cluster, draft.service)
    there = {part_name(action): action for action in target.actions} if target else {}
    kept = set()
    for schedule in stated.schedules:
        before = there.get(schedule.name)
        wanted = _action(schedule)
        others = [action for action in there.values() if action is before or not is_own(action)]
        if any(normal_action(action) == normal_action(wanted) for action in others):
            kept.add(schedule.name)
        elif not schedule.is_over(moment(observed.at)):
            kept.add(schedule.name)
            draft.add(
                f'autoscaling/schedule/{schedule.name}',
                'application-autoscaling:PutScheduledAction',
                f'Schedule the limits of {draft.service} {schedule.expression}',
                {**where, 'ScheduledActionName': schedule.name, **wanted},
                after=after,
                why=[Change('autoscaling.schedules', _shown(before) if before else None, _shown(wanted))],
                not_yet=BUSY,
            )
    for name, before in there.items():
        if is_own(before) and name not in kept:
            delete_action(draft, where, before)


def _action(schedule: Schedule) -> dict[str, Any]:
    return {
        'Schedule': schedule.expression,
        'Timezone': schedule.zone,
        'ScalableTargetAction': dict(schedule.action),
    }


def _shown(action: Answer) -> str:
    """A scheduled action for a person."""
    limits = action.get('ScalableTargetAction') or {}
    words = [f'{word} {limits[key]}' for word, key in (('min', 'MinCapacity'), ('max', 'MaxCapacity')) if key in limits]
    return f'{action.get("Schedule")} {action.get("Timezone") or ""}: {", ".join(words)}'


def delete_action(draft: Draft, where: Mapping[str, str], action: Answer) -> str:
    name = part_name(action)
    return draft.add(
        f'autoscaling/schedule/delete/{name}',
        'application-autoscaling:DeleteScheduledAction',
        f'Delete the scheduled action {name} of {draft.service}',
        {**where, 'ScheduledActionName': name},
        why=[Change('autoscaling.schedules', _shown(action), None)],
        not_yet=BUSY,
        already=ALREADY_GONE,
    )


def is_declared_action(action: Answer, stated: Scaling) -> bool:
    """Whether a scheduled action is a declared one."""
    return normal_action(action) in {normal_action(_action(schedule)) for schedule in stated.schedules}

"""Schedules of EventBridge Scheduler that run the tasks of a service: created, changed as a whole, deleted.

A schedule has no tags, so its description names its owner. A tag of the newest task definition records where the
schedule is: a service whose `schedule` is removed is then found without a look at all schedules.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed
from stack.reconcile.plan import Change, ResultOf, Step
from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_schedule import WantedSchedule, by_field, normalised, own_group

Ref = str | ResultOf

# While AWS deletes a group of that name, it refuses another one.
BEING_DELETED = ('ConflictException',)


def schedule_marks(wanted: Wanted) -> dict[str, str]:
    """The tag of a task definition that a schedule runs."""
    return {names.SCHEDULE_TAG: wanted.schedule.place} if wanted.schedule else {}


def former_place(wanted: Wanted, observed: Observed) -> str | None:
    """Where the service's schedule was, where that is not where it is wanted now."""
    newest = observed.newest.get(wanted.family)
    marked = newest.tags.get(names.SCHEDULE_TAG) if newest else None
    return None if marked is None or (wanted.schedule and marked == wanted.schedule.place) else marked


def plan_unschedule(draft: Draft, wanted: Wanted, observed: Observed) -> list[str | None]:
    """Delete the schedule that the service no longer has, and return the steps that come before anything else."""
    place = former_place(wanted, observed)
    if place is None:
        return []
    newest = observed.newest[wanted.family]
    gone = plan_delete(draft, observed, [place])
    return [
        draft.add(
            'schedule/forget',
            'ecs:UntagResource',
            f'Record that {wanted.service} has no schedule {place}',
            {'resourceArn': newest.arn, 'tagKeys': [names.SCHEDULE_TAG]},
            after=gone,
        )
    ]


def plan_delete(draft: Draft, observed: Observed, places: Iterable[str]) -> list[str | None]:
    """Delete the schedules at these places that are the owner's; `plan_group_deletion` then deletes the group."""
    deleted: list[str | None] = []
    for place in places:
        seen = observed.schedules.get(place)
        group, _, name = place.partition('/')
        if why := observed.unknown_schedules.get(place):
            raise Blocked(why)
        if seen is None:
            continue
        if seen.get('Description') != draft.owner.description:
            draft.note(f'The schedule {place} was not created by Nysa and is left unchanged.')
            continue
        shown = by_field(normalised(seen))
        kind = next(field for field in shown if field.partition('.')[2] in ('cron', 'rate', 'at'))
        deleted.append(
            draft.add(
                f'schedule/delete/{place}',
                'scheduler:DeleteSchedule',
                f'Delete the schedule {place}',
                {'GroupName': group, 'Name': name},
                why=[Change(kind, shown[kind], None)],
            )
        )
    return deleted


def plan_group_deletion(drafts: Sequence[Draft], observed: Observed) -> None:
    """Delete the group of the cluster with the last schedule in it.

    The service that goes last keeps its mark until then: a pass that ends in between is finished by the next one.
    """
    group = own_group(observed.cluster)
    listed = observed.schedule_groups.get(group)
    in_group = [step for draft in drafts for step in draft.steps if step.arguments.get('GroupName') == group]
    deleted = {step.arguments['Name']: step.id for step in in_group if step.kind == 'scheduler:DeleteSchedule'}
    last = next((draft for draft in reversed(drafts) if any(map(_forgets, draft.steps))), None)
    if listed is None or last is None or len(deleted) < len(in_group) or listed - deleted.keys():
        return
    first = next(i for i, step in enumerate(last.steps) if _forgets(step))
    rest, last.steps = last.steps[first:], last.steps[:first]
    gone = last.add(
        'schedule-group/delete',
        'scheduler:DeleteScheduleGroup',
        f'Delete the schedule group {group}',
        {'Name': group},
        after=deleted.values(),
    )
    last.steps += [replace(step, depends_on=(*step.depends_on, gone)) if _forgets(step) else step for step in rest]


def _forgets(step: Step) -> bool:
    """Whether a step removes the mark of a schedule."""
    return step.kind == 'ecs:DeregisterTaskDefinition' or step.id.endswith('/schedule/forget')


def plan_schedule(
    draft: Draft, shared: Draft, wanted: Wanted, definition: Ref, observed: Observed, *, after: Iterable[str | None]
) -> tuple[Change, ...]:
    """Create the schedule of the service, or change it, and return its differences. Raises `Blocked`.

    `after`: steps that come first.
    """
    assert wanted.schedule is not None
    schedule = replace(wanted.schedule, terms=_begun(wanted.schedule.terms, observed.at))
    seen = _seen(draft.owner, schedule, observed)
    ready = [*after, _mark(draft, wanted, schedule, observed)]
    terms = _terms(schedule, observed.cluster_arn, definition)
    where = {'GroupName': schedule.group, 'Name': schedule.name}
    if seen is None:
        changes = tuple(Change(field, None, value) for field, value in _stated(schedule).items())
        ready.append(_group(shared, schedule, observed))
        text = f'Create the schedule {schedule.place}'
        draft.add('schedule', 'scheduler:CreateSchedule', text, {**where, **terms}, after=ready, why=changes)
        return changes
    before = _begun(normalised(seen), observed.at)
    changes = tuple(_changes(by_field(before), by_field(normalised(schedule.terms))))
    if isinstance(definition, ResultOf) or changes or _targets(seen) != (observed.cluster_arn, definition):
        text = f'Update the schedule {schedule.place}'
        draft.add('schedule', 'scheduler:UpdateSchedule', text, {**where, **terms}, after=ready, why=changes)
    return changes


def _begun(terms: Mapping[str, Any], at: float) -> Mapping[str, Any]:
    """The terms without a start that is past: AWS refuses it, and it has no effect."""
    start = terms.get('StartDate')
    if start is None or datetime.fromisoformat(start).timestamp() > at:
        return terms
    return {name: value for name, value in terms.items() if name != 'StartDate'}


def _seen(owner: Owner, schedule: WantedSchedule, observed: Observed) -> Mapping[str, Any] | None:
    """The schedule as it is; None where it is to be created. Raises `Blocked`."""
    if why := observed.unknown_schedules.get(schedule.place):
        raise Blocked(why)
    seen = observed.schedules.get(schedule.place)
    if seen is None and not schedule.is_own:
        raise Blocked(f'There is no schedule {schedule.place}: without schedule.name Nysa creates one.')
    if seen is not None and schedule.is_own and seen.get('Description') != owner.description:
        raise Blocked(f'The schedule {schedule.place} was not created by Nysa: delete it by hand first.')
    return seen


def _mark(draft: Draft, wanted: Wanted, schedule: WantedSchedule, observed: Observed) -> str | None:
    """Tag the task definition with the place of the schedule, unless it is registered with the tag."""
    newest = observed.newest.get(wanted.family)
    registers = any(step.kind == 'ecs:RegisterTaskDefinition' for step in draft.steps)
    if newest is None or registers or newest.tags.get(names.SCHEDULE_TAG) == schedule.place:
        return None
    return draft.add(
        'schedule/note',
        'ecs:TagResource',
        f'Record that {wanted.service} has the schedule {schedule.place}',
        {'resourceArn': newest.arn, 'tags': names.ecs_tags({names.SCHEDULE_TAG: schedule.place})},
        after=[step.id for step in draft.steps],
    )


def _group(shared: Draft, schedule: WantedSchedule, observed: Observed) -> str | None:
    """The one step that creates the group for all services; None where it exists."""
    step = '/schedule-group'
    if schedule.group in observed.schedule_groups:
        return None
    if any(known.id == step for known in shared.steps):
        return step
    return shared.add(
        step.removeprefix('/'),
        'scheduler:CreateScheduleGroup',
        f'Create the schedule group {schedule.group}',
        {'Name': schedule.group, 'Tags': names.tag_list(shared.owner.tags)},
        not_yet=BEING_DELETED,
    )


def _terms(schedule: WantedSchedule, cluster_arn: str, definition: Ref) -> dict[str, Any]:
    target = schedule.terms['Target']
    run = {'TaskDefinitionArn': definition, **target['EcsParameters']}
    return {**schedule.terms, 'Target': {'Arn': cluster_arn, **target, 'EcsParameters': run}}


def _targets(seen: Mapping[str, Any]) -> tuple[Any, Any]:
    target = seen.get('Target') or {}
    return target.get('Arn'), (target.get('EcsParameters') or {}).get('TaskDefinitionArn')


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for field in sorted({*before, *after}):
        if before.get(field) != after.get(field):
            yield Change(field, before.get(field), after.get(field))


def _stated(schedule: WantedSchedule) -> dict[str, Any]:
    """What a new schedule is described by: its time and its time zone."""
    shown = by_field(normalised(schedule.terms))
    kinds = ('schedule.cron', 'schedule.rate', 'schedule.at', 'schedule.timezone')
    return {field: shown[field] for field in kinds if field in shown}

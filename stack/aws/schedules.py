"""The adapter of EventBridge Scheduler: the schedules that a plan is about.

Where no service has a schedule, or had one, nothing is asked.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from stack.aws.client import AwsClient
from stack.aws.errors import is_unavailable
from stack.errors import AwsFailed
from stack.reconcile.names import SCHEDULE_TAG
from stack.reconcile.observed import Observed
from stack.reconcile.wanted import Wanted
from stack.reconcile.wanted_schedule import own_group

NOT_FOUND = 'ResourceNotFoundException'
UNAVAILABLE = 'Schedules are not adopted, since they cannot be listed.'

Answer = Mapping[str, Any]


async def schedule(aws: AwsClient, place: str) -> Answer | None:
    """A schedule by GROUP/NAME; None where there is none.

    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
    """
    group, _, name = place.partition('/')
    try:
        found: Answer = await aws.call('scheduler', 'GetSchedule', GroupName=group, Name=name)
    except AwsFailed as failed:
        if failed.aws_code == NOT_FOUND:
            return None
        raise
    return found


async def in_group(aws: AwsClient, group: str) -> frozenset[str] | None:
    """The names of the schedules in a group; None where there is no such group.

    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html
    """
    token = ('NextToken', 'NextToken')
    try:
        found = await aws.pages('scheduler', 'ListSchedules', 'Schedules', token=token, GroupName=group, MaxResults=100)
    except AwsFailed as failed:
        if failed.aws_code == NOT_FOUND:
            return None
        raise
    return frozenset(each['Name'] for each in found)


async def of_cluster(aws: AwsClient, cluster_arn: str) -> list[Answer]:
    """All schedules that run tasks in a cluster, in any group; none where they may not be listed."""
    try:
        listed = await aws.pages(
            'scheduler', 'ListSchedules', 'Schedules', token=('NextToken', 'NextToken'), MaxResults=100
        )
        places = [f'{each["GroupName"]}/{each["Name"]}' for each in listed if each['Target']['Arn'] == cluster_arn]
        found = await asyncio.gather(*(schedule(aws, place) for place in places))
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        aws.limitations.add('scheduler:ListSchedules', f'{UNAVAILABLE} {failed.message}')
        return []
    return [each for each in found if each and 'EcsParameters' in each['Target']]


async def with_schedules(aws: AwsClient, observed: Observed, wanted: Mapping[str, Wanted]) -> Observed:
    """The observed state with the schedules that services have or had.

    The group of the cluster is listed where one is to be created, or to be deleted.
    """
    own = own_group(observed.cluster)
    asked = {each.schedule.place for each in wanted.values() if each.schedule}
    marked = _marked(observed)
    observed = await _with_places(aws, observed, asked | marked)
    missing = {place for place in asked if place not in observed.schedules}
    unlisted = own not in observed.schedule_groups
    if unlisted and any(place.startswith(f'{own}/') for place in missing | (marked - asked)):
        return await _with_listed(aws, observed, own)
    return observed


async def with_group(aws: AwsClient, observed: Observed) -> Observed:
    """The observed state with all schedules in the group of the cluster."""
    own = own_group(observed.cluster)
    observed = await _with_listed(aws, observed, own)
    return await _with_places(aws, observed, {f'{own}/{name}' for name in observed.schedule_groups.get(own, ())})


def _marked(observed: Observed) -> set[str]:
    """The places that the newest task definitions name, and all definitions of services that are to go."""
    definitions = [*observed.newest.values(), *(member for members in observed.families.values() for member in members)]
    return {each.tags[SCHEDULE_TAG] for each in definitions if SCHEDULE_TAG in each.tags}


async def _with_places(aws: AwsClient, observed: Observed, places: Collection[str]) -> Observed:
    asked = sorted(set(places) - observed.schedules.keys())
    answers = await asyncio.gather(*(_known(aws, place) for place in asked))
    found = dict(zip(asked, answers, strict=True))
    return replace(
        observed,
        schedules={**observed.schedules, **{place: each for place, each in found.items() if isinstance(each, Mapping)}},
        unknown_schedules={
            **observed.unknown_schedules,
            **{place: each for place, each in found.items() if isinstance(each, str)},
        },
    )


async def _known(aws: AwsClient, place: str) -> Answer | str | None:
    """A schedule, or why it cannot be read."""
    try:
        return await schedule(aws, place)
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        return f'The schedule {place} cannot be read: {failed.message}'


async def _with_listed(aws: AwsClient, observed: Observed, group: str) -> Observed:
    try:
        listed = await in_group(aws, group)
    except AwsFailed as failed:
        if not is_unavailable(failed):
            raise
        return observed
    return (
        observed if listed is None else replace(observed, schedule_groups={**observed.schedule_groups, group: listed})
    )

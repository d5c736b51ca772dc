"""Checks of log groups: whether they exist, or the execution role may make them."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from stack.rehearsal.facts import Facts
from stack.rehearsal.start import Probe, Results, Start
from stack.rollouts.stop_kinds import LOGGING

CHECK = 'log-group'
CREATE = 'logs:CreateLogGroup'


def log_probes(start: Start) -> Iterator[Probe]:
    """A probe for each group of the driver `awslogs`, but for the one that Nysa makes itself."""
    own = start.wanted.log_group
    for prefix, container in start.containers():
        logging: Mapping[str, Any] = container.get('logConfiguration') or {}
        options: Mapping[str, str] = logging.get('options') or {}
        group, region = options.get('awslogs-group'), options.get('awslogs-region') or start.region
        if logging.get('logDriver') != 'awslogs' or not group:
            continue
        if own and own.name == group and (own.region or start.region) == region:
            continue
        creates = str(options.get('awslogs-create-group')).lower() == 'true'
        path = f'{prefix}logging'
        yield Probe(start.service, CHECK, path, partial(_ask, start, path, (group, region), creates))


async def _ask(start: Start, path: str, place: tuple[str, str | None], creates: bool, facts: Facts) -> Results:
    group, region = place
    if await facts.has_log_group(group, region):
        return []
    if not creates:
        message = f'CloudWatch Logs has no group {group} ({region}), and awslogs-create-group is not true.'
        return [start.finding(CHECK, path, LOGGING, message)]
    role = start.wanted.definition.get('executionRoleArn')
    owner = str(role).split(':')
    if len(owner) < 6:
        # Without an execution role, that of the instance makes it.
        return [start.unchecked(CHECK, path, 'Whether the role of the instances may create log groups is not known.')]
    if await facts.may(str(role), CREATE, f'arn:{owner[1]}:logs:{region}:{owner[4]}:log-group:{group}'):
        return []
    message = f'CloudWatch Logs has no group {group} ({region}), and the execution role lacks {CREATE}.'
    return [start.finding(CHECK, path, LOGGING, message)]

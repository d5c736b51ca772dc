"""Ended rollouts from their records, read again only where a record has changed."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from stack.aws.ports import ListedObject, StoredObject
from stack.rollouts.deployments import Deployments
from stack.rollouts.rollout import Goal, Rollout, Verdict
from stack.rollouts.rollout_records import PREFIX, rollout_json

AT = datetime(2030, 1, 7, tzinfo=UTC)
IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1'


def rollout(ending: Any, revision: str = 'r1', kind: Any = 'service') -> Rollout:
    verdict = Verdict(ending, '', AT + timedelta(hours=1)) if ending else None
    return Rollout(Goal('web', revision, AT, IMAGE, 1, AT, kind), 'steady', 100, AT, verdict=verdict)


class Records:
    """A bucket with the record of one cluster, `prod`."""

    def __init__(self) -> None:
        self.reads = 0
        self.etag = 'one'
        self.rollouts = [rollout('succeeded')]

    async def objects(self, *, prefix: str = '', **_: Any) -> list[ListedObject]:
        return [ListedObject(PREFIX + 'prod', self.etag, AT)]

    async def get(self, key: str, /) -> StoredObject:
        self.reads += 1
        former = {each.goal.revision: [rollout_json(each)] for each in self.rollouts}
        body = json.dumps({'revision': 'r9', 'rollouts': [], 'former': former}).encode()
        return StoredObject(body, self.etag, None, AT)


def read(records: Records, times: int = 1) -> list[tuple]:
    async def run() -> list[tuple]:
        deployments = Deployments(records)
        for _ in range(times):
            found = await deployments.read(lambda name: name == 'prod')
        return [(each.cluster, each.service, each.revision, each.failed) for each in found]

    return asyncio.run(run())


def test_a_record_is_read_once():
    records = Records()
    assert read(records, times=3) == [('prod', 'web', 'r1', False)]
    assert records.reads == 1


def test_only_rollouts_of_services_that_succeeded_or_failed_count():
    records = Records()
    endings = ['succeeded', 'rolled-back', 'stalled', 'superseded', 'scaled-to-zero', None]
    records.rollouts = [rollout(ending, f'r{i}') for i, ending in enumerate(endings)] + [
        rollout('succeeded', 'x', 'run')
    ]
    assert [(revision, failed) for _, _, revision, failed in read(records)] == [
        ('r0', False),
        ('r1', True),
        ('r2', True),
    ]


def test_clusters_that_the_caller_may_not_see_are_not_read():
    records = Records()
    assert asyncio.run(Deployments(records).read(lambda _: False)) == []
    assert records.reads == 0

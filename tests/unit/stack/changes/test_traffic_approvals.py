"""Approvals of going on after a pause: who may, and how many are needed."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stack.access.access import Caller, Role
from stack.aws.s3 import Bucket
from stack.changes.approvers import Account, Approver
from stack.changes.traffic_approvals import TrafficApprovals, author_of, key_of
from stack.errors import ApprovalDenied, ApprovalRequired, StateUnreadable
from stack.state.revision_store import serialise
from stack.state.revisions import Change, Origin, Revision, encode
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World


class FakeStandings:
    """Deployers, but for those without a role."""

    def __init__(self) -> None:
        self.without: set[str] = set()

    async def refresh(self) -> None:
        """There is nothing to read."""

    async def now(self, account: Account) -> Approver | None:
        return None if account.name in self.without else Approver(account, Caller(account.name, Role.DEPLOYER))


def revision(approvals: dict[str, Any] | None) -> Revision:
    top = {} if approvals is None else {'approvals': approvals}
    body = serialise({**top, 'services': [{'web': {'image': 'a:1'}}]})
    change = Change(Origin('ann', 'test', '', 'idp 7'), datetime.now(UTC), {'verb': 'change'})
    return Revision('prod', '"e"', 'r1', body, datetime.now(UTC), encode('w', [change]))


def approvals(world: World) -> tuple[TrafficApprovals, FakeStandings]:
    standings = FakeStandings()
    return TrafficApprovals(Bucket(FakeS3(world), 'bucket'), standings), standings


@pytest.mark.parametrize('policy', [None, {}, {'when': ['deploy', 'promote']}])
@asynchronous
async def test_without_traffic_in_the_policy_nothing_is_needed_or_stored(policy: Any):
    world = World()
    traffic, _ = approvals(world)
    await traffic.approve(revision(policy), 'web', 'h', Account('ann', 'token'))
    assert await Bucket(FakeS3(world), 'bucket').objects(prefix='traffic') == []


@asynchronous
async def test_people_count_once_and_only_while_they_have_a_role():
    traffic, standings = approvals(World())
    current = revision({'required': 2, 'when': ['traffic']})
    for account in (Account('bob', 'token', token='1'), Account('Bob', 'token', token='2')):
        with pytest.raises(ApprovalRequired, match='1 more approval by role:deployer; yours is recorded'):
            await traffic.approve(current, 'web', 'h', account)
    standings.without.add('Bob')
    with pytest.raises(ApprovalRequired):
        await traffic.approve(current, 'web', 'h', Account('carl', 'token'))
    with pytest.raises(ApprovalRequired):
        await traffic.approve(current, 'web', 'another', Account('dora', 'token'))
    await traffic.approve(current, 'web', 'h', Account('dora', 'token'))


@pytest.mark.parametrize(
    'account', [Account('Ann', 'token'), Account('a.lee', 'session', 'idp 7'), Account('gone', 't')]
)
@asynchronous
async def test_authors_and_strangers_do_not_count(account: Account):
    traffic, standings = approvals(World())
    standings.without.add('gone')
    with pytest.raises(ApprovalDenied):
        await traffic.approve(revision({'when': ['traffic']}), 'web', 'h', account)


@asynchronous
async def test_what_cannot_be_read_permits_nothing():
    world = World()
    traffic, _ = approvals(world)
    await Bucket(FakeS3(world), 'bucket').put(key_of('prod', 'web', 'h'), b'{}', over=None)
    with pytest.raises(StateUnreadable):
        await traffic.approve(revision({'when': ['traffic']}), 'web', 'h', Account('bob', 'token'))


def test_a_revision_of_another_program_has_no_author():
    assert author_of(Revision('prod', '"e"', 'r', b'{}', datetime.now(UTC))).name == ''

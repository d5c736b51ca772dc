"""Whose approvals count, and who is one person."""

from datetime import UTC, datetime
from typing import Any

import pytest

from stack.access.access import Caller, Role
from stack.changes.approval_policy import Requirement
from stack.changes.approvers import Account, Approver, Decision, missing, read_decision, why_not
from stack.stackfile.approval_fields import Approvals

ANN = Account('ann', 'token', token='1')


def approver(name: str, role: Role = Role.DEPLOYER, **more: Any) -> Approver:
    caller = Caller(name, role, **more)
    return Approver(Account.of(caller), caller)


def policy(*services: str, **given: Any) -> Requirement:
    return Requirement(services, Approvals(**given))


@pytest.mark.parametrize(
    ('one', 'other', 'same'),
    [
        (Account('ann', 'token'), Account('bob', 'token'), False),
        (Account('ann', 'token', token='1'), Account('Ann', 'session', token='2'), True),
        (Account('ann', 'session', subject='idp 7'), Account('anna', 'session', subject='idp 7'), True),
        (Account('ann', 'token'), Account('laptop', 'token', created_by='ann'), True),
        (Account('bob', 'token', created_by='root'), Account('carl', 'token', created_by='root'), False),
        (Account('bob', 'token', speaker='bot'), Account('carl', 'token', speaker='bot'), True),
        (Account('bob', 'token', speaker='bot'), Account('bob', 'session'), True),
    ],
)
def test_accounts_of_one_person(one: Account, other: Account, same: bool):
    assert one.is_same(other) is same
    assert other.is_same(one) is same


@pytest.mark.parametrize(
    ('given', 'requirement', 'counts'),
    [
        (approver('bob'), policy(), True),
        (approver('bob', Role.VIEWER), policy(), False),
        (approver('bob', Role.ADMIN), policy(by=('role:deployer',)), True),
        (approver('bob'), policy(by=('role:admin',)), False),
        (approver('bob', Role.VIEWER, groups=('qa',)), policy(by=('group:qa',)), True),
        (approver('bob', groups=('web',)), policy(by=('group:qa',)), False),
        (approver('bob', services=('web-*',)), policy('web-1'), True),
        (approver('bob', services=('web-*',)), policy('web-1', 'api'), False),
        (approver('ann'), policy(), False),
        (approver('ann'), policy(self=True), True),
    ],
)
def test_who_may_approve(given: Approver, requirement: Requirement, counts: bool):
    assert (why_not(given, ANN, [requirement]) is None) is counts
    assert missing([given], ANN, [requirement]) == (0 if counts else 1)


def test_people_count_once_for_each_policy():
    bob, carl = approver('bob'), approver('carl', Role.ADMIN)
    needed = [policy(required=2), policy(by=('role:admin',))]
    assert missing([bob, bob, approver('BOB')], ANN, needed) == 2
    assert missing([bob, carl], ANN, needed) == 0


def test_a_decision_is_stored():
    decision = Decision(Account('ann', 'session', 'idp 7', groups=('qa',)), datetime.now(UTC).replace(microsecond=0))
    assert read_decision(decision.to_json()) == decision

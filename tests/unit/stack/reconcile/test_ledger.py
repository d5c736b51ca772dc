"""The ledger of gates: stored, read, and compared with what was there."""

import json
from dataclasses import replace

import pytest

from stack.errors import StateUnreadable
from stack.reconcile.ledger import EMPTY, Begun, GateRun, Ledger, read_ledger

RUN = GateRun(
    service='web',
    gate='migrate',
    stage='pre_deploy',
    definition='d',
    mark='nysa/1',
    family='prod-web-migrate',
    container='web',
    timeout=60,
    at=1000.0,
    lines=('one', 'two'),
)
BEGUN = Begun('web', 'd', 'arn:td:1', 1000.0)


def stored(ledger: Ledger) -> Ledger:
    return read_ledger(json.loads(json.dumps(ledger.to_json())))


def test_what_is_stored_is_read():
    ledger = EMPTY.with_(RUN, BEGUN)
    assert stored(ledger) == ledger
    assert read_ledger(None) == EMPTY
    later = ledger.to_json()
    later['runs'][0]['member_of_a_later_version'] = 1
    assert read_ledger(later) == ledger


@pytest.mark.parametrize('record', [{}, [], 'text', {'runs': [{}], 'begun': []}, {'runs': None, 'begun': []}])
def test_an_unreadable_ledger_is_not_an_empty_one(record: object):
    with pytest.raises(StateUnreadable):
        read_ledger(record)


def test_records_replace_and_restore_each_other():
    before = EMPTY.with_(RUN)
    after = before.with_(replace(RUN, attempt=2), BEGUN)
    assert after.runs['web', 'migrate'].attempt == 2
    assert after.restored(after.runs['web', 'migrate'], before).runs == before.runs
    assert after.restored(BEGUN, before).begun == {}
    assert after.without([after.runs['web', 'migrate'], BEGUN]) == EMPTY


def test_only_a_later_request_tries_again():
    run = replace(RUN, asked_at=900.0)
    assert [run.may_be_retried(at) for at in (None, 900.0, 901.0)] == [False, False, True]
    assert [RUN.may_be_retried(at) for at in (999.0, 1001.0)] == [False, True]

"""The ledger of gates during a pass: what is withdrawn of steps that were not begun."""

import pytest

from stack.errors import AwsFailed, Unavailable
from stack.reconcile.ledger import EMPTY, GateRun
from stack.reconcile.plan import Plan, Step
from stack.rollouts.progress import Progress
from stack.scheduler.gate_book import GateBook

REGISTER = Step('web/gate/register', 'ecs:RegisterTaskDefinition', 'web', 'Register', {})
RUN = Step('web/gate/run', 'ecs:RunTask', 'web', 'Run', {}, depends_on=(REGISTER.id,))
MIGRATE = GateRun(
    service='web',
    gate='migrate',
    stage='pre_deploy',
    definition='d',
    mark='nysa/1',
    family='prod-web-migrate',
    container='web',
    timeout=300,
    at=1000.0,
)
PLAN = Plan('prod', steps=(REGISTER, RUN), starts={RUN.id: MIGRATE})


def recorded(*progress: Progress) -> object:
    book = GateBook(PLAN, EMPTY)
    assert book.to_json() is not None, 'recorded before the first step'
    for each in progress:
        book.take(each)
    book.end()
    return book.to_json()


def failed(error: AwsFailed) -> Progress:
    return Progress(REGISTER, 'failed', error=error)


def test_what_was_begun_stays():
    begun = (Progress(REGISTER, 'started'), Progress(REGISTER, 'done'), Progress(RUN, 'started'))
    assert recorded(*begun) == EMPTY.with_(MIGRATE).to_json()


def test_what_was_not_begun_is_withdrawn():
    refused = AwsFailed('Refused.', 'ecs:RegisterTaskDefinition', 'ClientException')
    assert recorded() is None
    assert recorded(Progress(REGISTER, 'started'), failed(refused)) is None


@pytest.mark.parametrize(
    'lost',
    [
        Unavailable('No answer.', 'ecs:RegisterTaskDefinition', '503'),
        AwsFailed('Refused.', 'ecs:RegisterTaskDefinition', 'ClientException', retried=True),
    ],
)
def test_a_run_stays_whose_task_definition_may_have_been_registered(lost: AwsFailed):
    assert recorded(Progress(REGISTER, 'started'), failed(lost)) == EMPTY.with_(MIGRATE).to_json()

import pytest
from botocore.exceptions import ClientError

from stack.sandbox.ecs.ecs import ACTIONS
from stack.sandbox.ecs.limits import CATEGORY, Limits
from tests.unit.stack.sandbox.ecs.fleet import Fleet


@pytest.mark.parametrize(
    ('action', 'burst', 'rate'),
    [
        ('RegisterTaskDefinition', 20, 1),
        ('UpdateService', 50, 5),
        ('DescribeServices', 100, 20),
        ('DescribeTasks', 100, 20),
        ('RunTask', 100, 40),
        ('DescribeClusters', 50, 20),
    ],
)
def test_burst_then_the_sustained_rate(action: str, burst: int, rate: int):
    limits = Limits()
    assert sum(limits.take(action, 0.0) for _ in range(burst + 5)) == burst
    assert sum(limits.take(action, 2.0) for _ in range(burst)) == 2 * rate
    assert sum(limits.take(action, 10_000.0) for _ in range(burst + 5)) == burst


def test_actions_of_one_category_share_a_bucket():
    limits = Limits()
    assert sum(limits.take('CreateService', 0.0) for _ in range(30)) == 30
    assert sum(limits.take('UpdateService', 0.0) for _ in range(30)) == 20
    assert limits.take('DescribeServices', 0.0)


def test_every_action_here_has_a_category():
    assert not set(ACTIONS) - set(CATEGORY)


def test_refused_calls_are_throttled_as_by_aws(fleet: Fleet):
    fleet.ecs.limits = True
    for number in range(20):
        fleet.define(str(number))
    with pytest.raises(ClientError) as caught:
        fleet.define('one too many')
    assert caught.value.response['Error'] == {'Code': 'ThrottlingException', 'Message': 'Rate exceeded'}
    assert caught.value.response['ResponseMetadata']['HTTPStatusCode'] == 400
    fleet.wait(1)
    fleet.define('after a second')


def test_no_limits_unless_switched_on(fleet: Fleet):
    for number in range(30):
        fleet.define(str(number))

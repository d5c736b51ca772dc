"""Names in AWS."""

import pytest

from stack.stackfile.effective import service_settings
from stack.stackfile.naming import family, load_balancer_name
from tests.unit.stack.stackfile.examples import balanced, one_service


def test_families():
    assert family('staging', 'user-service') == 'staging-user-service'


@pytest.mark.parametrize(
    ('settings', 'name'), [(balanced(), 'staging-web-lb'), (balanced(name='blue'), 'staging-web-blue-lb')]
)
def test_load_balancers(settings: dict, name: str):
    [elb] = service_settings(one_service(**settings), 'web').elb
    assert load_balancer_name('staging', 'web', elb) == name

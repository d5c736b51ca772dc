"""The header of a load balancer: who fails with it is counted, and knows only so much."""

from collections.abc import Iterator

import pytest

from handlers.access.access import FAILURES
from tests.aws import Aws
from tests.guarded import Guarded
from tests.unit.stack.access.test_alb_identity import ARN, signed


@pytest.fixture
def behind(aws: Aws) -> Iterator[Guarded]:
    settings = {'NYSA_ALB_ARN': ARN, 'NYSA_ALB_KEYS': 'http://127.0.0.1:9/', 'NYSA_GROUPS': '{"web": "viewer"}'}
    with Guarded(aws, **settings) as server:
        yield server


def test_wrong_headers_are_counted_by_address(behind: Guarded):
    wrong = signed(signer=ARN[:-1] + '0')
    found = [behind.api('GET', '/clusters', X_Amzn_Oidc_Data=wrong).status for _ in range(FAILURES + 1)]
    assert found == [401] * FAILURES + [429]


def test_keys_that_cannot_be_asked_for_are_no_fault_of_the_caller(behind: Guarded):
    answers = [behind.api('GET', '/clusters', X_Amzn_Oidc_Data=signed()) for _ in range(FAILURES + 1)]
    assert {(answer.status, answer.json['error']) for answer in answers} == {(503, 'provider_unavailable')}

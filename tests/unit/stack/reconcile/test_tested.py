"""The listener for tests among those of a load balancer."""

import pytest

from stack.reconcile.observed_balancers import Listener, LoadBalancer
from stack.reconcile.tested import for_requests, for_tests, tag_of_tests

PUBLIC, TESTS = Listener('a', 443, 'HTTPS'), Listener('b', 8443, 'HTTPS')


def balancer(tag: dict[str, str]) -> LoadBalancer:
    return LoadBalancer(
        'lb', 'web', 'web.aws', 'Z', 'internal', 'vpc-1', 'application', listeners=(TESTS, PUBLIC), tags=tag
    )


@pytest.mark.parametrize('tag', [{'nysa:test-port': '8443'}, {'nysa:test-port': '9443 8443'}])
def test_it_is_the_one_on_a_port_of_the_tag(tag: dict[str, str]):
    found = balancer(tag)
    assert for_tests(found) == TESTS
    assert for_requests(found) == (PUBLIC,)


@pytest.mark.parametrize('tag', [{}, {'nysa:test-port': '9443'}])
def test_without_its_port_there_is_none(tag: dict[str, str]):
    found = balancer(tag)
    assert for_tests(found) is None
    assert for_requests(found) == (TESTS, PUBLIC)


def test_the_tag_has_each_port_once():
    assert tag_of_tests(9443, 8443) == {'nysa:test-port': '9443 8443'}
    assert tag_of_tests(8443, 8443) == {'nysa:test-port': '8443'}
    assert tag_of_tests(None) == {}

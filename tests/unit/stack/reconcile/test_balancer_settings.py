"""Settings of a service's own load balancer."""

import pytest

from stack.reconcile.balancer_settings import further_certificates


@pytest.mark.parametrize(
    ('stated', 'further'),
    [((), ()), (('a',), ()), (('a', 'a'), ()), (('a', 'b', 'a', 'c', 'b'), ('b', 'c'))],
)
def test_a_listener_has_each_certificate_once(stated: tuple[str, ...], further: tuple[str, ...]):
    assert further_certificates(stated) == further

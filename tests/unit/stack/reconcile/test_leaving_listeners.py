"""The tag of a load balancer with the ports of its listeners while one moves."""

import pytest

from stack.reconcile.leaving_listeners import ports_tag, read_ports


@pytest.mark.parametrize(
    ('left', 'found'), [({443: 17}, {443: 17, 8443: 0}), ({443: 17, 80: 9}, {443: 17, 80: 9, 8443: 0})]
)
def test_ports_are_read_as_they_were_written(left: dict[int, int], found: dict[int, int]):
    assert read_ports(ports_tag(8443, left)) == found


def test_a_listener_that_left_no_port_has_no_tag():
    assert ports_tag(443, {}) == {}
    assert read_ports({}) == {}


def test_what_another_program_wrote_is_ignored():
    assert read_ports({'nysa:ports': '443/x any 80/5'}) == {443: 0, 80: 5}

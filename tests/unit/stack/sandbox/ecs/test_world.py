from stack.sandbox.ecs.dice import Dice
from stack.sandbox.ecs.model import Region
from stack.sandbox.ecs.ports import Ports
from stack.sandbox.ecs.world import Timings, World


def world(speed: float = 1.0) -> World:
    made = World(Region('1', 'r'), Dice('a'), Ports(), speed, Timings(), listened_to=False)
    made.now = 1_767_225_600.1
    return made


def test_a_time_that_was_waited_for_has_come():
    """Without rounding, ten steps of 0.1 s do not make a second, and a scheduler would wake without end."""
    each = world()
    for _ in range(1000):
        due = each.after(0.1)
        each.now = each.after(due - each.now)
        assert each.now == due


def test_nothing_takes_no_time_at_all():
    assert world(speed=1e9).scaled(60) > 0
    assert world(speed=1e9).lasts(60) > 0


def test_speed_shortens():
    assert world(speed=10).scaled(60) == 6
    assert 4.8 <= world(speed=10).lasts(60) <= 7.2


def test_addresses_are_given_out_once():
    each = world()
    addresses = [each.address() for _ in range(1000)]
    assert len(set(addresses)) == 1000
    assert addresses[:2] == ['10.0.0.1', '10.0.0.2']
    assert addresses[254] == '10.0.1.1'

import re

from stack.sandbox.ecs.dice import Dice


def test_same_seed_same_draws():
    first, second = Dice('a'), Dice('a')
    assert [first.hexadecimal(32), first.digits(19), first.spread(10)] == [
        second.hexadecimal(32),
        second.digits(19),
        second.spread(10),
    ]
    assert first.hexadecimal(32) != Dice('b', first.drawn - 1).hexadecimal(32)


def test_goes_on_where_it_was_left():
    dice = Dice('a')
    dice.uuid()
    again = Dice(dice.seed, dice.drawn)
    assert dice.hexadecimal(8) == again.hexadecimal(8)


def test_forms():
    dice = Dice('a')
    assert re.fullmatch(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', dice.uuid())
    assert all(re.fullmatch(r'[1-9]\d{18}', dice.digits(19)) for _ in range(50))
    spread = [dice.spread(10) for _ in range(200)]
    assert 8 <= min(spread) < 8.5 < 11.5 < max(spread) <= 12

"""Tables of fields: checked, read, and as JSON Schema."""

from dataclasses import dataclass
from typing import Any

import pytest
from voluptuous import Invalid, MultipleInvalid

from stack.stackfile.entries import DEFAULTS, completed, entries, entry, part_of, record
from stack.stackfile.shapes import list_of, switch, text, whole


@dataclass(frozen=True, kw_only=True)
class Lamp:
    watts: int = entry(whole(1, 100), 'How bright.', required=True, inherits=DEFAULTS)
    on: bool = entry(switch(), 'Whether it shines.', default=False)
    labels: tuple[str, ...] = entry(list_of(text()), 'The help text.', default=(), inherits=DEFAULTS)
    place: str = ''


LAMP = record(Lamp)


def refusals(value: Any) -> list[tuple[list, str]]:
    with pytest.raises(Invalid) as refused:
        LAMP.check(value)
    errors = refused.value.errors if isinstance(refused.value, MultipleInvalid) else [refused.value]
    return [(error.path, error.error_message) for error in errors]


@pytest.mark.parametrize('value', [None, 1, 'x', [], True, ((1, 2),)])
def test_what_is_no_mapping(value: Any):
    assert refusals(value)[0][1].startswith('expected a mapping; found')
    with pytest.raises(Invalid):
        LAMP.read(value)


def test_every_mistake_at_once():
    assert refusals({'wats': 1, 'on': 1, 'labels': ['a', 2, 3], 'place': 'x'}) == [
        (['wats'], 'unknown key: did you mean "watts"?'),
        (['on'], 'expected true or false; found 1'),
        (['labels', 1], 'expected text; found 2'),
        (['labels', 2], 'expected text; found 3'),
        (['place'], 'unknown key'),
        (['watts'], 'is missing: expected a whole number from 1 to 100'),
    ]


def test_a_key_that_is_no_text():
    assert refusals({1: 2, 'watts': 3}) == [([1], 'unknown key')]


def test_what_is_read():
    assert LAMP.read({'watts': 5, 'on': 'x', 'labels': ['a', 1], 'unknown': 1}) == Lamp(watts=5, labels=('a',))


@pytest.mark.parametrize('value', [{}, {'watts': 0}, {'on': True}])
def test_what_is_required_and_missing_is_none_until_it_is_left_out(value: dict):
    assert LAMP.read(value).watts is None
    assert completed(LAMP.read(value)) is None


@dataclass(frozen=True, kw_only=True)
class Room:
    lamp: Lamp | None = entry(LAMP, 'At the ceiling.')  # noqa: RUF009 - makes a frozen value
    lamps: tuple[Lamp, ...] = entry(list_of(LAMP), 'The others.', default=())


def test_only_what_lacks_something_is_left_out():
    room = record(Room).read({'lamp': {'on': True}, 'lamps': [{'watts': 1}, {}, {'watts': 2, 'on': 7}]})
    assert completed(room) == Room(lamps=(Lamp(watts=1), Lamp(watts=2)))
    whole = record(Room).read({'lamp': {'watts': 3}})
    assert completed(whole) is whole


def test_the_inherited_part():
    shape = part_of(Lamp, DEFAULTS, 'a mapping')
    assert shape.check({}) == {}
    assert shape.read({'watts': 7, 'on': True}) == {'watts': 7}
    assert [e.name for e in shape.entries] == ['watts', 'labels']
    with pytest.raises(Invalid):
        shape.check({'on': True})


def test_as_json_schema():
    assert LAMP.json == {
        'type': 'object',
        'additionalProperties': False,
        'required': ['watts'],
        'properties': {
            'watts': {'description': 'How bright.', 'type': 'integer', 'minimum': 1, 'maximum': 100},
            'on': {'description': 'Whether it shines.', 'type': 'boolean', 'default': False},
            'labels': {'description': 'The help text.', **list_of(text()).json},
        },
    }


def test_order_is_that_of_the_class():
    assert [e.name for e in entries(Lamp)] == ['watts', 'on', 'labels']

"""Scalars of YAML 1.2."""

import pytest

from stack.stackfile.scalars import resolve


@pytest.mark.parametrize(
    'text',
    [
        '22:22',
        '190:20:30',
        'on',
        'off',
        'yes',
        'no',
        'y',
        'n',
        'On',
        '012',
        '-012',
        '01.5',
        '2024-01-02',
        '=',
        '<<',
        '1_000',
        '0b11',
        '1.2.3',
        'v1',
        '.',
        '-',
        '+',
        '1e',
        'e1',
        '0x',
        '0o8',
        'nULL',
        '1.5.',
        '0xG',
    ],
)
def test_text(text: str):
    assert resolve(text) == text


@pytest.mark.parametrize(
    ('text', 'value'),
    [
        ('', None),
        ('~', None),
        ('null', None),
        ('true', True),
        ('False', False),
        ('0', 0),
        ('-7', -7),
        ('+7', 7),
        ('0x1F', 31),
        ('0o17', 15),
        ('1.5', 1.5),
        ('-.5', -0.5),
        ('1.', 1.0),
        ('1e3', 1000.0),
        ('9' * 300, int('9' * 300)),
    ],
)
def test_values(text: str, value: object):
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize('text', ['.inf', '-.Inf', '.nan', '.NaN', '1e999', '-1e999', '9' * 301, '0x' + 'f' * 300])
def test_numbers_that_cannot_be_kept(text: str):
    with pytest.raises(ValueError, match='quotes'):
        resolve(text)

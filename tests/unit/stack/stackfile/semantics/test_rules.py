"""Rules: when they run, and where they report findings."""

import pytest

from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.semantics.rules import Subject, rule


@rule('memory', 'vpc.subnets')
def too_much(subject: Subject):
    yield ('memory',), 'too much'


def subject(**values) -> Subject:
    given = {'raw': {'memory': 1}, 'settings': ServiceSettings(name='web'), 'top': Stackfile(), **values}
    return Subject(path=('services', 0, 'web'), **given)


@pytest.mark.parametrize(
    ('faulty', 'silent'),
    [
        ((), False),
        ((('cpu',),), False),
        ((('memory',),), True),
        ((('cpu',), ('memory', 'unit')), True),
        ((('vpc',),), True),
        ((('vpc', 'subnets', 'public'),), True),
        ((('vpc', 'id'),), False),
    ],
)
def test_a_rule_is_silent_where_what_it_reads_is_faulty(faulty: tuple, silent: bool):
    assert (too_much.apply(subject(faulty=frozenset(faulty))) == []) == silent


def test_a_rule_looks_where_something_that_it_reads_is_set():
    assert too_much.apply(subject(raw={})) == []
    assert too_much.apply(subject(raw={'cpu': 1}, inherited={'logging': ('logging',)})) == []
    assert len(too_much.apply(subject(raw={}, inherited={'memory': ('defaults', 'memory')}))) == 1


def test_a_mistake_in_an_inherited_field_is_reported_at_its_place():
    inherited = {'memory': ('defaults', 'memory')}
    assert too_much.apply(subject(inherited=inherited, raw={})) == [(('defaults', 'memory'), 'too much')]
    assert too_much.apply(subject(inherited=inherited)) == [(('services', 0, 'web', 'memory'), 'too much')]

"""Problems, and which of them a change has made."""

import pytest

from stack.stackfile.check import check
from stack.stackfile.problems import MAX_DETAILS, Problem, Report, details, new_mistakes, path_text, refusal
from tests.unit.stack.stackfile.examples import one_service


@pytest.mark.parametrize(
    ('path', 'text'),
    [
        ((), ''),
        (('services', 2, 'email-worker', 'elb', 'ports', 'public'), 'services[2].email-worker.elb.ports.public'),
        (('a.b', 'c'), '["a.b"].c'),
        (('a', ''), 'a[""]'),
        (('services', 0, 'x' * 300), f'services[0].{"x" * 300}'),
        (('a b' * 100,), f'["{("a b" * 100)[:59]}…"]'),
    ],
)
def test_paths(path: tuple, text: str):
    assert path_text(path) == text


def test_as_a_detail():
    assert Problem(('a', 0), 'wrong', 3, 7).detail() == {'path': 'a[0]', 'line': 3, 'column': 7, 'message': 'wrong'}
    assert Problem((), 'wrong').detail() == {'path': '', 'message': 'wrong'}


def test_one_mistake_is_the_message():
    assert refusal([Problem(('a',), 'is wrong')]).message == 'a: is wrong'


def test_many_mistakes_are_counted_and_cut_short():
    error = refusal([Problem(('a', i), 'is wrong') for i in range(5000)], [Problem(('b',), 'is odd')])
    assert error.message == 'The desired state has 5,000 mistakes. The first: a[0]: is wrong'
    assert len(error.details()) == MAX_DETAILS + 1
    assert error.details()[-1] == {'path': '', 'message': f'… and {5000 - MAX_DETAILS:,} more'}
    assert error.extra() == {'warnings': [{'path': 'b', 'message': 'is odd'}]}


def test_as_many_as_are_shown_need_no_last_line():
    assert len(details([Problem((), 'wrong')] * MAX_DETAILS)) == MAX_DETAILS


def test_a_mistake_that_moved_is_not_new():
    before = Report((Problem(('services', 4, 'web', 'ports', 1), 'wrong', 7, 1),))
    after = Report((Problem(('services', 0, 'web', 'ports', 0), 'wrong'),))
    assert new_mistakes(before, after) == ()


def test_a_mistake_of_another_service_is_new():
    before = Report((Problem(('services', 0, 'web', 'memory'), 'wrong'),))
    after = Report((Problem(('services', 0, 'worker', 'memory'), 'wrong'),))
    assert new_mistakes(before, after) == after.mistakes


def test_a_mistake_made_again_is_new_once():
    once = Problem(('services', 0, 'web', 'ports', 0), 'wrong')
    again = Problem(('services', 0, 'web', 'ports', 1), 'wrong')
    assert new_mistakes(Report((once,)), Report((once, again))) == (again,)


def test_an_old_document_may_keep_its_mistakes_but_get_no_others():
    old = one_service(memroy=1, ports=['80'])
    new = one_service(memroy=1, ports=['80'], cpu='much')
    assert new_mistakes(check(old), check(old)) == ()
    assert [p.where for p in new_mistakes(check(old), check(new))] == ['services[0].web.cpu']


def test_another_wrong_value_at_the_same_place_is_new():
    fresh = new_mistakes(check(one_service(ports=['80'])), check(one_service(ports=['81'])))
    assert [p.where for p in fresh] == ['services[0].web.ports[0]']

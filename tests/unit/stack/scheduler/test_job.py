from dataclasses import dataclass

import pytest

from stack.scheduler.hints import Hint
from stack.scheduler.job import LONGEST_AGAIN_S, MOST_FAILED, MOST_WAITING, UNASKED_FAILED, Job
from stack.scheduler.passes import Ask, Ended

ASKED = ('1',)


@dataclass
class Message:
    handle: str
    id: str = 'm'
    body: str = ''
    group: str | None = None


def test_it_asks_for_all_that_its_messages_want():
    job = Job('staging')
    assert job.ask() == Ask('staging', frozenset(), hinted=False, retry=False)
    job.add(Message('1'), Hint('staging'))
    job.add(Message('2'), Hint('staging', destroy='web'))
    assert job.ask() == Ask('staging', frozenset({'web'}), hinted=True, retry=True)


def test_the_same_message_twice_is_two_to_be_deleted():
    job = Job('staging')
    for handle in ('1', '2'):
        job.add(Message(handle), Hint('staging'))
    assert len(job.messages) == 2


@pytest.mark.parametrize('asked', [True, False])
@pytest.mark.parametrize(
    ('state', 'after_asked', 'after_unasked'),
    [
        ('complete', 'done', 'done'),
        ('gone', 'done', 'done'),
        ('held', 'done', 'done'),
        ('waiting', 'again', 'again'),
        ('awaiting', 'again', 'again'),
        ('busy', 'again', 'again'),
        ('stopped', 'again', 'again'),
        ('failed', 'again', 'again'),
        ('frozen', 'again', 'done'),
    ],
)
def test_what_follows_from_a_pass(state: str, after_asked: str, after_unasked: str, asked: bool):
    assert Job('staging').after(Ended(state), ASKED if asked else ()) == (after_asked if asked else after_unasked)


def test_failures_are_given_up_in_the_end():
    job = Job('staging')
    assert [job.after(Ended('failed'), ASKED) for _ in range(MOST_FAILED)] == ['again'] * (MOST_FAILED - 1) + [
        'given up'
    ]
    job = Job('staging')
    assert [job.after(Ended('failed'), ()) for _ in range(UNASKED_FAILED)][-1] == 'done'


def test_waits_are_given_up_in_the_end_and_begin_again_with_a_new_message():
    job = Job('staging')
    for _ in range(MOST_WAITING - 1):
        assert job.after(Ended('waiting'), ASKED) == 'again'
    job.add(Message('1'), Hint('staging'))
    assert job.after(Ended('waiting'), ASKED) == 'again'


@pytest.mark.parametrize('state', ['failed', 'waiting'])
@pytest.mark.parametrize('before', [(), ASKED])
def test_a_pass_does_not_count_for_a_message_that_came_during_it(state: str, before: tuple[str, ...]):
    job = Job('staging')
    job.add(Message('2'), Hint('staging'))
    assert job.after(Ended(state), before) == 'again'
    assert (job.failed, job.waited) == (0, 0)
    job.after(Ended(state), (*before, '2'))
    assert job.failed + job.waited == 1


def test_each_sender_is_informed_once_of_failures_in_a_row():
    job = Job('staging')
    job.add(Message('1'), Hint('staging', callback_url='https://one'))
    assert [each.callback_url for each in job.uninformed(job.messages)] == ['https://one']
    job.add(Message('2'), Hint('staging', callback_url='https://two'))
    assert [each.callback_url for each in job.uninformed(job.messages)] == ['https://two']
    assert job.uninformed(job.messages) == []
    job.after(Ended('awaiting'), job.messages)
    assert len(job.uninformed(job.messages)) == 2


def test_pauses_grow_with_jitter_up_to_a_bound():
    job = Job('staging')
    longest = []
    for _ in range(MOST_FAILED):
        job.after(Ended('failed'), ASKED)
        longest.append(job.again_in(Ended('failed'), lambda: 1.0))
    assert longest[0] < longest[1] < longest[-1] <= LONGEST_AGAIN_S
    assert job.again_in(Ended('failed'), lambda: 0.0) == job.again_in(Ended('failed'), lambda: 1.0) / 2

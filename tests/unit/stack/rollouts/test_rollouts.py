"""The rollouts of a cluster over its revisions: which go on, which end, and what is remembered."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stack.rollouts.overtaken import DECIDED_AFTER
from stack.rollouts.rollout import NOTHING, Goal, Kind, Verdict, end
from stack.rollouts.rollouts import MOST_FORMER, Rollouts
from stack.state.revisions import Revision

START = datetime(2026, 3, 1, tzinfo=UTC)


def revision(number: int) -> Revision:
    return Revision('prod', '"e"', f'r{number}', b'{}', START + timedelta(minutes=number))


def goal(service: str, number: int, *, announced: bool = True, kind: Kind = 'service') -> Goal:
    since = revision(number).stored_at
    return Goal(service, f'r{number}', since, f'{service}:{number}', 1, since if announced else None, kind)


class Book(Rollouts):
    """Goes from revision to revision; `turned(2, 'web')` changes web alone, of all that is there."""

    def turned(
        self, number: int, *changed: str, announced: bool = True, gone: tuple[str, ...] = (), removed: str = ''
    ) -> None:
        names = dict.fromkeys([*self.now, *changed])
        goals = {name: goal(name, number, announced=announced) for name in names if name not in (*gone, removed)}
        if removed:
            goals[removed] = goal(removed, number, kind='removal')
        if number > 1:
            self.leave(f'r{number - 1}')
        self.turn(revision(number), goals, {*changed, removed}, {}, revision(number).stored_at)
        self.decide(revision(number).stored_at + DECIDED_AFTER)

    def finish(self, service: str) -> None:
        self.now[service] = end(self.now[service], Verdict('succeeded', '', START))

    def ends(self, number: int) -> dict[str, str | None]:
        found = self.of_revision(f'r{number}') or {}
        return {name: each.verdict.ending if each.verdict else None for name, each in found.items()}


def test_what_a_revision_does_not_change_goes_on():
    book = Book()
    book.turned(1, 'web', 'api')
    book.finish('api')
    book.turned(2, 'web')
    assert book.ends(1) == {'web': 'superseded', 'api': 'succeeded'}
    assert book.ends(2) == {'web': None}
    assert book.former['r1']['web'].verdict.by == 'r2'
    assert book.moving() == {'web'}


def test_of_what_ended_nothing_is_kept_that_only_looks_need():
    book = Book()
    book.turned(1, 'web', 'api')
    book.now = {name: replace(each, foreign=frozenset({'ecs-svc/1'})) for name, each in book.now.items()}
    book.finish('api')
    book.turned(2, 'api')
    assert book.former['r1']['api'].foreign is NOTHING
    assert book.now['web'].foreign == {'ecs-svc/1'}


def test_a_service_that_is_left_out_is_overtaken():
    book = Book()
    book.turned(1, 'web', 'api')
    book.finish('api')
    book.turned(2, gone=('web', 'api'))
    assert book.now == {}
    assert book.ends(1) == {'web': 'superseded', 'api': 'succeeded'}


def test_a_removal_goes_on_until_it_has_ended():
    book = Book()
    book.turned(1, 'web', 'api')
    book.turned(2, removed='web')
    assert book.removing() == {'web'}
    book.turned(3, 'api', gone=('web',))
    assert book.ends(2) == {'web': None}
    book.now['web'] = end(book.now['web'], Verdict('removed', '', START))
    book.turned(4, 'api', gone=('web',))
    assert book.ends(2) == {'web': 'removed'}
    assert (book.removing(), set(book.now)) == (set(), {'api'})


def test_a_held_revision_is_announced_with_the_next_announced_one():
    book = Book()
    book.turned(1, 'web', 'api')
    book.turned(2, 'web', announced=False)
    assert book.waits_for_word()
    book.turned(3, 'api')
    assert not book.waits_for_word()
    assert book.now['web'].goal.revision == 'r2'


def test_an_announcement_of_another_process_is_taken_over_once():
    book, other = Book(), Book()
    for each in (book, other):
        each.turned(1, 'web', announced=False)
    other.announce(START + timedelta(hours=1), {})
    assert book.hear(other.now) == {'web'}
    assert book.hear(other.now) == set()
    assert not book.now['web'].goal.held
    newer = Book()
    newer.turned(2, 'web', announced=False)
    assert newer.hear(other.now) == set(), 'it is of another revision'


def test_only_so_many_former_revisions_are_remembered():
    book = Book()
    for number in range(1, MOST_FORMER + 10):
        book.turned(number, 'web')
    assert len(book.former) == MOST_FORMER
    assert book.of_revision('r1') is None


def test_what_has_ended_since():
    book = Book()
    book.turned(1, 'web', 'api')
    before = dict(book.now)
    book.finish('web')
    assert [each.goal.service for each in book.ended_since(before)] == ['web']
    assert book.ended_since(dict(book.now)) == []
    assert book.abandon('Gone.', START) == {'api'}

"""What is looked at next."""

import pytest

from stack.watch.look_schedule import BATCH, Intervals, Listing, LookSchedule

INTERVALS = Intervals(moving=2, steady=15, listing=60)


def schedule(count: int, moving: tuple[str, ...] = (), cluster: str = 'prod') -> LookSchedule:
    made = LookSchedule(INTERVALS)
    made.follow(cluster, [f's{number}' for number in range(count)], moving, 0)
    return made


def drained(made: LookSchedule, now: float) -> list:
    found = []
    while batch := made.next(now):
        found.append(batch)
    return found


def test_nothing_to_look_at():
    made = LookSchedule(INTERVALS)
    assert (made.next(0), made.listing(0), made.wait(0)) == (None, None, 2)


def test_everything_is_looked_at_once_at_first_ten_at_a_time():
    batches = drained(schedule(25), 0)
    assert [len(each.services) for each in batches] == [10, 10, 5]
    assert len({name for each in batches for name in each.services}) == 25
    assert all(each.urgent for each in batches), 'what was never seen is urgent'


def test_the_first_looks_at_what_is_asked_for_come_before_all():
    made = LookSchedule(INTERVALS)
    for number in range(5):
        made.follow(f'c{number}', [f's{service}' for service in range(25)], ('s0',), 0)
    order = []
    while (batch := made.next(9, is_asked='c3'.__eq__)) and len(order) < 5:
        order.append(batch.cluster)
    assert order == ['c3', 'c3', 'c3', 'c0', 'c0']
    made.hint('c3', 's1', 9)
    assert made.next(9, is_asked='c3'.__eq__).cluster != 'c3', 'later looks keep their turn'


def test_what_is_steady_is_looked_at_again_after_its_interval():
    made = schedule(10)
    drained(made, 0)
    assert drained(made, 14) == []
    made.listing(0)
    assert made.wait(13.5) == 1.5
    (batch,) = drained(made, 15)
    assert (len(batch.services), batch.urgent) == (10, False)


def test_what_moves_is_looked_at_more_often():
    made = schedule(10, moving=('s3',))
    drained(made, 0)
    looks = [batch.services for second in range(1, 15) for batch in drained(made, second)]
    assert sum('s3' in each for each in looks) == 7
    assert all('s3' in each for each in looks)


def test_a_look_at_what_moves_takes_along_what_is_due_soon():
    made = schedule(10, moving=('s3',))
    drained(made, 0)
    assert [len(batch.services) for batch in drained(made, 2)] == [1]
    assert len(drained(made, 8)[0].services) == 10, 'the others are due in 7 s of 15'
    assert drained(made, 9) == []


def test_what_moves_comes_before_what_is_due_longer():
    made = schedule(10)
    made.follow('other', ['web'], (), 0)
    drained(made, 0)
    made.follow('other', ['web'], ('web',), 19)
    batches = drained(made, 30)
    assert [(each.cluster, each.urgent) for each in batches] == [('other', True), ('prod', False)]


def test_only_what_is_urgent():
    made = schedule(10)
    drained(made, 0)
    assert made.next(20, lambda _, urgent: urgent) is None
    made.hint('prod', 's1', 20)
    batch = made.next(20, lambda _, urgent: urgent)
    assert (batch.urgent, batch.services[0], len(batch.services)) == (True, 's1', BATCH)


def test_a_hint_about_something_that_is_not_followed():
    made = schedule(1)
    drained(made, 0)
    made.hint('prod', 'other', 1)
    made.hint('staging', 's0', 1)
    assert drained(made, 1) == []


def test_what_begins_to_move_does_not_wait_for_its_turn():
    made = schedule(1)
    drained(made, 0)
    made.follow('prod', ['s0'], ('s0',), 3)
    assert drained(made, 4) == []
    assert len(drained(made, 5)) == 1


def test_a_service_that_is_gone_is_not_looked_at():
    made = schedule(3)
    made.follow('prod', ['s1'], (), 0)
    assert [batch.services for batch in drained(made, 0)] == [('s1',)]


def test_a_cluster_that_nobody_cares_for_any_more():
    made = schedule(3)
    made.keep_only([])
    assert (made.next(100), 'prod' in made) == (None, False)


def test_listings_come_in_turn():
    made = schedule(1)
    made.follow('staging', [], (), 1)
    first = Listing('prod', urgent=True), Listing('staging', urgent=True)
    assert [made.listing(5), made.listing(5), made.listing(5)] == [*first, None]
    assert (made.listing(64), made.listing(65)) == (None, Listing('prod', urgent=False))


def test_what_is_steady_and_repeated_listings_come_in_the_order_in_which_they_are_due():
    made = schedule(10)
    drained(made, 0)
    made.listing(0)
    assert made.next(15) is not None, 'due since 15'
    assert made.next(60) is not None, 'due since 30, the listing since 60'
    assert made.next(80) is None, 'due since 75, the listing since 60'
    assert made.listing(80) == Listing('prod', urgent=False)
    assert made.next(80) is not None


def test_a_look_that_failed_is_made_again_later():
    made = schedule(2)
    made.put_off(made.next(0), 7)
    assert (made.next(6), made.next(7).services) == (None, ('s0', 's1'))


@pytest.mark.parametrize('count', [1000])
def test_a_thousand_services_cost_a_hundred_calls_a_round(count: int):
    made = schedule(count)
    drained(made, 0)
    assert len(drained(made, 15)) == count / BATCH


def test_what_may_not_be_looked_at_now_stays_due():
    made = schedule(1)
    made.follow('staging', ['b'], (), 0)
    assert made.next(0, lambda cluster, urgent: cluster == 'staging').cluster == 'staging'
    assert made.listing(0, lambda cluster, urgent: cluster == 'staging').cluster == 'staging'
    assert (made.next(0).cluster, made.listing(0).cluster) == ('prod', 'prod')

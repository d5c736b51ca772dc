"""The freeze of a cluster by the clock."""

from datetime import datetime

from stack.live.freeze_clock import FreezeClock, FreezeNow
from stack.stackfile.freeze_windows import windows_of

NIGHT = {'cron': '0 22 * * ? *', 'duration': '8h', 'reason': 'night'}
BY_KIM = {'by': 'kim', 'at': '2030-06-03T12:00:00+00:00', 'reason': 'sale', 'until': None}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f'2030-06-{text}+00:00')


def test_without_windows_there_is_nothing_to_wait_for():
    clock = FreezeClock()
    clock.state({'services': []})
    assert clock.at(moment('03T12:00')) == FreezeNow(None, None)
    assert clock.seconds_left(moment('03T12:00')) is None


def test_a_window_begins_and_ends_when_it_is_due():
    clock = FreezeClock()
    clock.state({'freezes': [NIGHT]})
    before = clock.at(moment('03T12:00'))
    assert before.freeze is None
    assert before.windows['next'][0]['from'] == '2030-06-03T22:00:00+00:00'
    assert clock.seconds_left(moment('03T21:59')) == 60
    assert clock.at(moment('03T21:59')) is before, 'nothing is computed until something is due'
    begun = clock.at(moment('03T22:00'))
    assert begun.freeze == {
        'by': 'freeze window',
        'at': '2030-06-03T22:00:00+00:00',
        'reason': 'night',
        'until': '2030-06-04T06:00:00+00:00',
    }
    assert begun.windows['now']['until'] == '2030-06-04T06:00:00+00:00'
    assert clock.at(moment('04T06:00')).freeze is None


def test_a_declared_freeze_comes_before_a_window_and_leaves_it_in_force():
    clock = FreezeClock()
    clock.share(windows_of({'freezes': [NIGHT]}))
    clock.declare(BY_KIM | {'until': '2030-06-03T23:00:00+00:00'})
    assert clock.at(moment('03T22:30')).freeze['by'] == 'kim'
    assert clock.at(moment('03T23:00')).freeze['by'] == 'freeze window'
    clock.declare(BY_KIM)
    assert clock.at(moment('04T07:00')).freeze == BY_KIM
    clock.declare(None)
    assert clock.at(moment('04T07:00')).freeze is None


def test_windows_that_are_removed_end():
    clock = FreezeClock()
    clock.state({'freezes': [NIGHT]})
    clock.share(windows_of({'freezes': [NIGHT | {'duration': '2h'}]}))
    assert clock.at(moment('03T22:30')).freeze['until'] == '2030-06-04T06:00:00+00:00'
    clock.state({'services': []})
    assert clock.at(moment('03T22:30')).freeze['until'] == '2030-06-04T00:00:00+00:00'
    clock.share(())
    assert clock.at(moment('03T22:30')) == FreezeNow(None, None)

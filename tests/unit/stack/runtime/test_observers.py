import pytest

from stack.runtime.observers import Observers


def test_observers_are_notified_in_the_order_of_their_subscription():
    observers, calls = Observers[[str]](), []
    observers.subscribe(lambda name: calls.append(('first', name)))
    observers.subscribe(lambda name: calls.append(('second', name)))
    observers.notify('prod')
    assert calls == [('first', 'prod'), ('second', 'prod')]


def test_an_observer_that_unsubscribes_is_not_notified_again():
    observers, calls = Observers[[]](), []

    def once() -> None:
        calls.append('called')
        observers.unsubscribe(once)

    observers.subscribe(once)
    observers.subscribe(lambda: calls.append('other'))
    observers.notify()
    observers.notify()
    assert calls == ['called', 'other', 'other']


def test_a_function_that_is_not_subscribed_cannot_unsubscribe():
    with pytest.raises(ValueError):
        Observers[[]]().unsubscribe(print)

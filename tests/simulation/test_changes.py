"""Changes and their announcements: every seed keeps every promise."""

import pytest

from tests.simulation.simulating import PATIENCE_S, assert_kept

# Seeds that failed once, and what they found.
FAILED_ONCE = {
    '39': 'Two freezes and a thaw interleaved, and every replica kept the freeze that was lifted.',
    '52': 'A removal was refused as if nothing had been stored, and its record was in the history.',
    '97': 'A thaw that was refused in the end was believed meanwhile: a change was stored in the freeze.',
    '99': 'The same, by a change whose write was answered late.',
    '107': 'Another replica stored a change between the record of a removal and the deletion.',
    '150': 'A replica that was started again announced what it found of an older revision after the newest.',
    '189': 'A deployment that waited was dropped for a newer revision that only destroyed a service.',
    '266': 'A change was stored in a freeze by a replica that had not heard of it.',
    '427': 'A sweep sent what had been overtaken since it looked, and was killed before it could correct that.',
    '752': 'What a killed replica owed above an announced revision was marked without a message.',
    '795': 'A change was answered late, and stored once the freeze had ended by itself.',
    '1082': 'A replica was killed after its last message, which was the newest.',
    '2097': 'Two removals at once: the one that came second finished the first.',
}


@pytest.mark.timeout(PATIENCE_S)
def test_every_promise_is_kept():
    assert_kept('changes', failed_once=FAILED_ONCE)

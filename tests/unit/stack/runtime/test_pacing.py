import pytest

from stack.runtime.pacing import CATEGORY, FIRST_PAUSE_S, LIMITS, LONGEST_PAUSE_S, Pace, pause


class TestPace:
    def test_operations_of_one_category_share_a_bucket(self):
        pace = Pace(share=1)
        for _ in range(20):
            assert pace.reserve('ecs:RegisterTaskDefinition', 0) == 0
        assert pace.reserve('ecs:DeregisterTaskDefinition', 0) == 1
        assert pace.reserve('ecs:UpdateService', 0) == 0

    def test_takes_its_share_only(self):
        pace = Pace(share=0.1)
        assert [pace.reserve('ecs:RegisterTaskDefinition', 0) for _ in range(3)] == [0, 0, pytest.approx(10)]

    def test_after_a_refusal_the_whole_category_waits(self):
        pace = Pace(share=1)
        pace.throttled('ecs:UpdateService', 0)
        assert pace.reserve('ecs:CreateService', 0) == 0.2

    def test_operations_without_a_known_limit_do_not_wait(self):
        pace = Pace()
        pace.throttled('sqs:SendMessage', 0)
        assert [pace.reserve('sqs:SendMessage', 0) for _ in range(1000)] == [0] * 1000

    @pytest.mark.parametrize('share', [0, -1, 1.1])
    def test_refuses_a_share_that_is_none(self, share: float):
        with pytest.raises(ValueError, match='share'):
            Pace(share)


def test_every_category_has_a_limit():
    assert set(CATEGORY.values()) == set(LIMITS)


def test_limits_of_ecs_are_those_that_the_embedded_aws_enforces():
    """Two tables, written apart: a slip in one shows."""
    limits = pytest.importorskip('stack.sandbox.ecs.limits')
    for operation, category in CATEGORY.items():
        service, _, name = operation.partition(':')
        if service == 'ecs':
            quota = limits.QUOTA[limits.CATEGORY[name]]
            assert (quota.burst, quota.rate) == (LIMITS[category].burst, LIMITS[category].rate), operation


@pytest.mark.parametrize(('attempt', 'bound'), [(0, FIRST_PAUSE_S), (2, 4 * FIRST_PAUSE_S), (5000, LONGEST_PAUSE_S)])
def test_pauses_grow_up_to_a_bound(attempt: int, bound: float):
    assert pause(attempt, lambda: 1.0) == bound
    assert pause(attempt, lambda: 0.0) == 0

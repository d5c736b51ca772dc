from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest

from stack.rollouts.rollout import Cause, Ending
from stack.runtime.rollout_metrics import CAUSES, ENDINGS, NONE, RolloutMetrics


def test_what_is_counted():
    registry = CollectorRegistry()
    metrics = RolloutMetrics(registry)
    metrics.ended('canary', 'rolled-back', 'alarm')
    metrics.ended('rolling', 'succeeded', '')
    metrics.pause_ended('linear', 61.0)
    metrics.acted('stop')
    metrics.count_paused(lambda: 3)
    text = generate_latest(registry).decode()
    assert 'nysa_rollouts_total{cause="alarm",ending="rolled-back",strategy="canary"} 1.0' in text
    assert 'nysa_rollouts_total{cause="none",ending="succeeded",strategy="rolling"} 1.0' in text
    assert 'nysa_rollout_pause_seconds_sum{strategy="linear"} 61.0' in text
    assert 'nysa_rollout_acts_total{act="stop"} 1.0' in text
    assert 'nysa_rollout_acts_total{act="continue"} 0.0' in text
    assert 'nysa_rollouts_paused 3.0' in text


def test_labels_are_bounded():
    registry = CollectorRegistry()
    metrics = RolloutMetrics(registry)
    for number in range(50):
        metrics.ended(f'strategy-{number}', f'ending-{number}', f'cause-{number}')
        metrics.pause_ended(f'strategy-{number}', 1.0)
        metrics.acted(f'act-{number}')
    text = generate_latest(registry).decode()
    assert 'nysa_rollouts_total{cause="other",ending="other",strategy="other"} 50.0' in text
    assert 'nysa_rollout_pause_seconds_count{strategy="other"} 50.0' in text
    assert 'nysa_rollout_acts_total{act="other"} 50.0' in text
    assert '-1"' not in text


def test_the_labels_are_those_of_verdicts():
    assert set(ENDINGS) == set(get_args(Ending))
    assert set(CAUSES) == {*get_args(Cause), NONE}

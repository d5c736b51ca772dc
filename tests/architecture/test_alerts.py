"""The alerts of docs/operations.md: each expression names metrics and labels that a server or a scheduler has."""

import re

import pytest
import yaml
from prometheus_client import CollectorRegistry

from docs.generate import ROOT
from stack.runtime import gathered_metrics
from stack.runtime.metrics import Metrics
from stack.scheduler.scheduler_metrics import SchedulerMetrics

TEXT = (ROOT / 'docs' / 'operations.md').read_text()
GROUPS = re.findall(r'^```yaml\n(groups:.*?)^```$', TEXT, re.MULTILINE | re.DOTALL)
RULES = yaml.safe_load(GROUPS[0])['groups'][0]['rules']

# Functions, operators and keywords of PromQL that the rules use: https://prometheus.io/docs/prometheus/latest/querying/
PROMQL = {'sum', 'max', 'min', 'rate', 'increase', 'histogram_quantile', 'by'}
# What Prometheus itself adds to everything that it scrapes.
ADDED = {'job', 'instance', 'le'}
SUFFIXES = {'histogram': ('_bucket', '_count', '_sum'), 'counter': ('_total',), 'gauge': ('',)}


def names(registry: CollectorRegistry) -> dict[str, set[str]]:
    """The labels of each series, by its name."""
    labels = {metric.describe()[0].name: set(metric._labelnames) for metric in own(registry)}
    found: dict[str, set[str]] = {'up': set()}
    for family in registry.collect():
        for suffix in SUFFIXES.get(family.type, ()):
            found[family.name + suffix] = labels.get(family.name, set())
    return found


def own(registry: CollectorRegistry) -> list:
    return [each for each in registry._collector_to_names if hasattr(each, '_labelnames')]


@pytest.fixture(scope='module')
def known() -> dict[str, set[str]]:
    metrics = Metrics()
    SchedulerMetrics(metrics.registry)
    # Added where several processes are gathered.
    return names(metrics.registry) | {gathered_metrics.SERVES: {gathered_metrics.LABEL}}


def faults(expression: str, known: dict[str, set[str]]) -> list[str]:
    """What an expression names that does not exist."""
    selectors = dict(re.findall(r'([a-z_]+)\{([^}]*)\}', expression))
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[\w+\]|\d+(\.\d+)?(e\d+)?', ' ', expression)
    grouped = {label for labels in re.findall(r'by \(([^)]*)\)', bare) for label in labels.replace(',', ' ').split()}
    series = set(re.findall(r'[a-z_]{2,}', re.sub(r'by \([^)]*\)', ' ', bare))) - PROMQL
    wrong = [f'{name} is no metric' for name in sorted(series - known.keys())]
    labels = ADDED.union(*(known.get(name, set()) for name in series))
    wrong += [f'{label} is no label' for label in sorted(grouped - labels)]
    for name, given in selectors.items():
        used = set(re.findall(r'(\w+)\s*[=!]', re.sub(r'"[^"]*"', '""', given)))
        wrong += [f'{label} is no label of {name}' for label in sorted(used - ADDED - known.get(name, set()))]
    return wrong


@pytest.mark.parametrize('rule', RULES, ids=[rule['alert'] for rule in RULES])
def test_an_alert_names_what_exists(rule: dict, known: dict[str, set[str]]):
    assert faults(rule['expr'], known) == []
    assert rule['annotations']['summary']


def test_names_that_do_not_exist_are_found(known: dict[str, set[str]]):
    assert faults('sum(rate(nysa_gone_total{a="b"}[5m]))', known) == [
        'nysa_gone_total is no metric',
        'a is no label of nysa_gone_total',
    ]
    assert faults('max by (colour) (nysa_tokens{state="x", shade=~"y"})', known) == [
        'colour is no label',
        'shade is no label of nysa_tokens',
    ]


def test_the_first_message_that_is_given_up_is_an_increase():
    """Prometheus' increase is 0 for a series whose first sample is not."""
    registry = CollectorRegistry()
    SchedulerMetrics(registry)
    [selector] = re.findall(r'nysa_messages_total\{outcome="(\w+)"\}', ' '.join(rule['expr'] for rule in RULES))
    assert registry.get_sample_value('nysa_messages_total', {'outcome': selector}) == 0


def test_every_metric_of_nysa_is_in_an_alert_or_left_out_for_a_reason(known: dict[str, set[str]]):
    """A new metric is for something: for an alert, or for a look at a dashboard."""
    for_a_look = {
        'nysa_aws_call_duration_seconds',
        'nysa_step_duration_seconds',
        'nysa_event_loop_tasks',
        'nysa_passes_under_way',
        'nysa_proposals',
        'nysa_rollout_acts',
        'nysa_rollout_pause_seconds',
    }
    alerted = ' '.join(rule['expr'] for rule in RULES)
    published = {re.sub(r'_(bucket|count|sum|total)$', '', name) for name in known if name.startswith('nysa_')}
    assert {name for name in published if name not in alerted} == for_a_look

"""The metrics of several processes in one text."""

import asyncio
import json
import math
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families

from stack.runtime.gathered_metrics import GatheredMetrics, families, text
from stack.runtime.siblings import NoSiblings


def registry(requests: int) -> CollectorRegistry:
    made = CollectorRegistry()
    Counter('requests', 'Requests.', ('status',), registry=made).labels('200').inc(requests)
    Histogram('seconds', 'Their time.', registry=made, buckets=(1, 2)).observe(1.5)
    Gauge('unknown', 'No number.', registry=made).set(math.nan)
    return made


def samples(found: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(found.decode())
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


class Others(NoSiblings):
    """Two other processes, of which the first is being restarted."""

    number, count = 1, 3

    async def ask(self, topic: str) -> dict[int, Any]:
        # As it comes over a channel.
        return {3: json.loads(json.dumps(families(registry(7))))}


def test_each_sample_names_its_process():
    found = samples(asyncio.run(GatheredMetrics(registry(2), Others()).text()))
    assert found[key('requests_total', status='200', process='1')] == 2
    assert found[key('requests_total', status='200', process='3')] == 7
    assert found[key('seconds_bucket', le='2.0', process='3')] == 1
    assert math.isnan(found[key('unknown', process='1')])


def test_a_process_that_does_not_answer_is_down():
    found = samples(asyncio.run(GatheredMetrics(registry(2), Others()).text()))
    assert [found[key('nysa_process_up', process=number)] for number in '123'] == [1, 0, 1]


def test_a_family_is_described_once():
    lines = text({1: families(registry(1)), 2: families(registry(1))}, 2).decode().splitlines()
    assert lines.count('# TYPE requests_total counter') == 1


def test_a_single_process_has_no_label():
    found = samples(asyncio.run(GatheredMetrics(registry(2), NoSiblings()).text()))
    assert found[key('requests_total', status='200')] == 2
    assert not [name for name, labels in found if 'process' in dict(labels) or name == 'nysa_process_up']

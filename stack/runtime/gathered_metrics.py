"""The metrics of several processes as one text: each sample with the label `process`."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from stack.runtime.siblings import Siblings

LABEL = 'process'
TOPIC = 'metrics'
SERVES = 'nysa_process_up'

# Families as JSON: name, documentation, type, unit, and the samples' names, labels and values.
Families = Sequence[tuple[str, str, str, str, Sequence[tuple[str, Mapping[str, str], float]]]]


class GatheredMetrics:
    """The metrics of this process and its siblings; those of a single process have no further label."""

    def __init__(self, registry: CollectorRegistry, siblings: Siblings):
        self._registry = registry
        self._siblings = siblings
        siblings.answer(TOPIC, self._families)

    async def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        if self._siblings.count == 1:
            return await asyncio.to_thread(generate_latest, self._registry)
        others, own = await asyncio.gather(self._siblings.ask(TOPIC), self._families())
        return await asyncio.to_thread(text, {**others, self._siblings.number: own}, self._siblings.count)

    async def _families(self) -> Families:
        return await asyncio.to_thread(families, self._registry)


def families(registry: CollectorRegistry) -> Families:
    """What a process has counted, as it is sent to another."""
    return [
        (
            family.name,
            family.documentation,
            family.type,
            family.unit,
            [(sample.name, sample.labels, sample.value) for sample in family.samples],
        )
        for family in registry.collect()
    ]


def text(of_processes: Mapping[int, Families], count: int) -> bytes:
    """Everything in Prometheus' text format; a process without metrics is shown as one that does not answer."""
    return generate_latest(_Gathered(of_processes, count))


@dataclass(frozen=True)
class _Gathered(Collector):
    """The families of all processes, merged."""

    of_processes: Mapping[int, Families]
    count: int

    def collect(self) -> Iterator[Metric]:
        gathered: dict[str, Metric] = {}
        for number, found in sorted(self.of_processes.items()):
            for name, documentation, kind, unit, samples in found:
                family = gathered.setdefault(name, Metric(name, documentation, kind, unit))
                family.samples += [_labelled(number, *sample) for sample in samples]
        up = Metric(SERVES, '1 for a process of this server that answers, else 0.', 'gauge')
        up.samples = [
            _labelled(number, SERVES, {}, float(number in self.of_processes)) for number in range(1, self.count + 1)
        ]
        return iter([up, *gathered.values()])


def _labelled(number: int, name: str, labels: Mapping[str, Any], value: float) -> Sample:
    return Sample(name, {**labels, LABEL: str(number)}, value)

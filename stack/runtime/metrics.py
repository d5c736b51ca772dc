"""Metrics for Prometheus; each server has a registry of its own."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from stack.runtime.rollout_metrics import RolloutMetrics

# From a request served from memory to one that waits for a rollout, in seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

# Labels come from fixed sets: a caller, or a store that answers oddly, could make up any number of them.
METHODS = {'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'}
OTHER = 'other'
OUTCOMES_MOST = 100


def _is_state(read: Callable[[], str], state: str) -> float:
    return float(read() == state)


def _in_state(count: Callable[[], Mapping[str, int]], state: str) -> float:
    return count()[state]


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._outcomes: set[str] = set()
        self._observe_request: dict[tuple[str, str, int], Callable[[float], None]] = {}
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Histogram(
            'nysa_http_request_duration_seconds',
            'Requests by handler, method and status.',
            ('handler', 'method', 'status'),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._aws = Histogram(
            'nysa_aws_call_duration_seconds',
            'Calls to AWS by operation, retries included.',
            ('operation',),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._aws_outcomes = Counter(
            'nysa_aws_calls_total',
            "Calls to AWS by operation and outcome: ok, or AWS's error code.",
            ('operation', 'outcome'),
            registry=self.registry,
        )
        self._circuits = Gauge(
            'nysa_aws_circuit_open',
            '1 for an AWS service that does not answer and is asked only from time to time, else 0.',
            ('service',),
            registry=self.registry,
        )

        self._accounts = Gauge(
            'nysa_account_health',
            '1 for the state of an AWS account in a region, as the calls of this process to it have come out, else 0.',
            ('account', 'region', 'state'),
            registry=self.registry,
        )
        self._unreadable = Gauge(
            'nysa_unreadable_clusters',
            'Clusters whose desired state cannot be read, as far as they are loaded here.',
            registry=self.registry,
        )

        self._tasks = Gauge(
            'nysa_event_loop_tasks',
            'Tasks of the event loop that have not ended; steady growth without growing load is a leak.',
            registry=self.registry,
        )
        self._tokens = Gauge(
            'nysa_tokens',
            'Tokens by state: valid, expiring (rotate it), expired, replaced (rotated, still accepted), no_expiry.',
            ('state',),
            registry=self.registry,
        )
        self._proposals = Counter(
            'nysa_proposals_total', 'Proposals by what became of them.', ('outcome',), registry=self.registry
        )
        self.rollouts = RolloutMetrics(self.registry)

    def count_tokens(self, count: Callable[[], Mapping[str, int]]) -> None:
        """Show the number of tokens in each state that `count` gives, whenever the metrics are read."""
        for state in count():
            self._tokens.labels(state).set_function(partial(_in_state, count, state))

    def account(self, account: str, region: str, states: Sequence[str], read: Callable[[], str]) -> None:
        """Show which of its states an account has in a region; `read` gives it whenever the metrics are read."""
        for state in states:
            self._accounts.labels(account, region, state).set_function(partial(_is_state, read, state))

    def proposal(self, outcome: str) -> None:
        self._proposals.labels(outcome).inc()

    def count_unreadable(self, count: Callable[[], int]) -> None:
        """Show what `count` gives, whenever the metrics are read."""
        self._unreadable.set_function(count)

    def count_tasks(self, loop: asyncio.AbstractEventLoop) -> None:
        """Show the number of the loop's tasks whenever the metrics are read."""
        self._tasks.set_function(lambda: len(asyncio.all_tasks(loop)))

    def request(self, handler: str, method: str, status: int, seconds: float) -> None:
        key = handler, method if method in METHODS else OTHER, status
        observe = self._observe_request.get(key)
        if observe is None:
            observe = self._observe_request[key] = self._requests.labels(*key).observe
        observe(seconds)

    def aws_call(self, operation: str, outcome: str, seconds: float) -> None:
        self._aws.labels(operation).observe(seconds)
        if len(self._outcomes) < OUTCOMES_MOST:
            self._outcomes.add(outcome)
        self._aws_outcomes.labels(operation, outcome if outcome in self._outcomes else OTHER).inc()

    def circuit(self, service: str, is_open: bool) -> None:
        self._circuits.labels(service).set(is_open)

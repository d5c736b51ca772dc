"""Large stackfiles and 10,000 bad requests: what others notice meanwhile, and what the server keeps of them."""

import itertools
import json
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection

from tests.bench._aws import BenchAws
from tests.bench._load import load, request
from tests.bench._server import Measured, nysa
from tests.client import Client

SERVICES, TIMES, BAD = 5_000, 5, 10_000
SEVERAL = [
    request('GET', '/api/v1/clusters/nothing/config'),
    request('GET', '/api/v1/%ff'),
    request('PUT', '/api/v1/clusters/prod/config', [1, 2, 3]),
    request('PUT', '/api/v1/clusters/prod/config', {'services': [{'web': {'image': 7, 'unknown': 'x' * 10_000}}]}),
    request('PUT', '/api/v1/clusters/prod/services/nothing', {'image_tag': '1'}),
    request('POST', '/api/v1/stackfiles/validate', 'text', Content_Type='application/yaml'),
    request('DELETE', '/api/v1/clusters'),
    request('GET', '/api/v1/events'),
]


def validate(port: int, results: Connection) -> None:
    """Validate a large stackfile repeatedly; send its size and the time of each request."""
    client, times = Client(), []
    client.port = port
    services = [{f'service-{n}': {'image': 'team/app:1', 'desired_count': 1}} for n in range(SERVICES)]
    body = json.dumps({'services': services}).encode()
    for _ in range(TIMES):
        started = time.perf_counter()
        answer = client.api('POST', '/stackfiles/validate', body, Content_Type='application/json')
        assert answer.status == 200, answer.body[:500]
        times.append(time.perf_counter() - started)
    results.send((len(body), times))


def large_stackfiles(server: Measured) -> None:
    alone = load(server.port, lambda: request('GET', '/healthz'), 1, 2.0)
    process = multiprocessing.get_context('spawn')
    local, remote = process.Pipe()
    other = process.Process(target=validate, args=(server.port, remote))
    other.start()
    times: list[float] = []
    while not local.poll():
        times += load(server.port, lambda: request('GET', '/healthz'), 1, 0.5).times_ms
    size, checked = local.recv()
    other.join()
    print(f'checking {SERVICES:,} services ({size:,} bytes): {statistics.median(checked):.2f} s')
    print(
        f'/healthz alone: p99 {alone.p99_ms:.1f} ms; meanwhile: p99 {statistics.quantiles(times, n=100)[98]:.1f} ms, '
        f'longest {max(times):.0f} ms'
    )


def bad_requests(server: Measured) -> None:
    print(f'{"bad requests":>14}{"memory, MB":>12}{"handles":>10}')
    turn = itertools.cycle(SEVERAL)
    asked = 0
    print(f'{asked:14,}{server.memory_mb():12.1f}{server.handles():10}')
    while asked < BAD:
        enough = asked + BAD // 4
        while asked < enough:
            result = load(server.port, lambda: next(turn), 16, 1.0)
            assert all(400 <= status < 500 for status in result.statuses), result.statuses
            asked += len(result.times_ms)
        print(f'{asked:14,}{server.memory_mb():12.1f}{server.handles():10}', flush=True)


def main() -> None:
    with BenchAws() as aws:
        aws.fill({'prod': {'services': [{'web': {'image': 'team/web:1'}}]}})
        with nysa(aws) as server:
            large_stackfiles(server)
            bad_requests(server)


if __name__ == '__main__':
    main()

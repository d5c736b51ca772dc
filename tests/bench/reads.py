"""What can be read, against a bare Tornado handler that answers with the same bytes; S3 at 10 ms.

The sides are asked in turn, and medians are shown; those of ratios are of the ratios of each turn. The ratio of CPU
time for each answer is what a machine with other work cannot spoil.
"""

import json
import tempfile
import time
from dataclasses import dataclass, field
from statistics import median

import boto3

from tests.bench._aws import BUCKET, KEYS, BenchAws
from tests.bench._load import load, request
from tests.bench._server import Measured, nysa

READS = ('GetObject', 'HeadObject', 'ListObjectsV2')
ROUNDS, SECONDS = 5, 2.0
CLUSTERS, SERVICES = 1_000, 200


@dataclass
class Side:
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)
    calls: float = 0.0

    def measure(self, server: Measured, asked: bytes, connections: int) -> int:
        before = server.cpu_s()
        result = load(server.port, lambda: asked, connections, SECONDS)
        self.rates.append(result.rate)
        self.cpu_us.append((server.cpu_s() - before) / len(result.times_ms) * 1e6)
        self.times_ms.append(result.median_ms)
        assert set(result.statuses) == {200}, result.statuses
        return len(result.times_ms)


def compare(aws: BenchAws, server: Measured, path: str, connections: int) -> tuple[Side, Side]:
    """The product's side and the bare one's."""
    served, bare = Side(), Side()
    asked = request('GET', path)
    with tempfile.NamedTemporaryFile() as file:
        file.write(server.ask('GET', path).body)
        file.flush()
        with Measured('-m', 'tests.bench._bare', file.name) as other:
            for _ in range(ROUNDS):
                aws.counts()
                count = served.measure(server, asked, connections)
                made = aws.counts()
                served.calls += sum(made[name] for name in READS) / count / ROUNDS
                bare.measure(other, asked, connections)
    return served, bare


def median_ratio(these: list[float], those: list[float]) -> float:
    return median(a / b for a, b in zip(these, those, strict=True))


def round_trip_ms(aws: BenchAws) -> float:
    """One HEAD by boto3, and nothing else."""
    s3, times = boto3.client('s3', endpoint_url=aws.endpoint, **KEYS), []
    for _ in range(100):
        started = time.perf_counter()
        s3.head_object(Bucket=BUCKET, Key='cluster-0')
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def main() -> None:
    services = [{f's{n}': {'image': 'team/app:1', 'desired_count': 1}} for n in range(SERVICES)]
    with BenchAws() as aws:
        aws.fill({f'cluster-{n}': {'services': services if n == 0 else services[:1]} for n in range(CLUSTERS)})
        with nysa(aws) as server:
            while json.loads(server.api('GET', '/clusters/cluster-0/services').body)['content'][-1]['deployed'] is None:
                pass
            aws.until_quiet()
            head_ms = round_trip_ms(aws)
            print(f'one HEAD by boto3 alone: {head_ms:.2f} ms')
            print('CPU us: of the server for each answer; its ratio is the bare side to it. Calls: those of S3.')
            columns = ('answers/s', 'bare', 'ratio', 'CPU us', 'bare', 'ratio', 'median ms', 'of HEAD', 'calls each')
            print(f'{"":32}' + ''.join(f'{each:>11}' for each in columns))
            for what, path, connections, goal in (
                ('config, 256 connections', '/clusters/cluster-0/config', 256, '>= 0.8 of bare by CPU; <= 0.05 calls'),
                ('config, 1 connection', '/clusters/cluster-0/config', 1, '<= 1.15 of the HEAD'),
                ('200 services, 64 connections', '/clusters/cluster-0/services', 64, '>= 0.6 of bare by CPU'),
                ('1,000 clusters, 64 connections', '/clusters', 64, '>= 2,000 answers/s'),
            ):
                served, bare = compare(aws, server, f'/api/v1{path}', connections)
                time_ms = median(served.times_ms)
                print(
                    f'{what:32}{median(served.rates):11,.0f}{median(bare.rates):11,.0f}'
                    f'{median_ratio(served.rates, bare.rates):11.2f}{median(served.cpu_us):11.0f}'
                    f'{median(bare.cpu_us):11.0f}{median_ratio(bare.cpu_us, served.cpu_us):11.2f}'
                    f'{time_ms:11.2f}{time_ms / head_ms:11.2f}{served.calls:11.3f}    goal {goal}',
                    flush=True,
                )


if __name__ == '__main__':
    main()

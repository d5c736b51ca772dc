"""`GET …/config` from one process, and from two on the same port, in turn; S3 at 10 ms.

The callers need a processor of their own: the ratio of a machine with two is a lower bound.
"""

import os
import statistics

from tests.bench._aws import BenchAws
from tests.bench._load import load, request
from tests.bench._server import nysa

CONNECTIONS, ROUNDS, SECONDS = 256, 5, 2.0


def main() -> None:
    services = [{f's{n}': {'image': 'team/app:1', 'desired_count': 1}} for n in range(200)]
    asked = request('GET', '/api/v1/clusters/prod/config')
    with BenchAws() as aws:
        aws.fill({'prod': {'services': services}})
        with nysa(aws) as one, nysa(aws, NYSA_PROCESSES='2') as two:
            rates: dict[int, list[float]] = {1: [], 2: []}
            for _ in range(ROUNDS):
                for count, server in ((1, one), (2, two)):
                    result = load(server.port, lambda: asked, CONNECTIONS, SECONDS)
                    assert set(result.statuses) == {200}, result.statuses
                    rates[count].append(result.rate)
            medians = {count: statistics.median(measured) for count, measured in rates.items()}
            print(f'{os.cpu_count()} processors, of which the callers use one')
            for count, rate in medians.items():
                print(f'{count} process{"es" * (count > 1):2}{rate:11,.0f}/s{rate / medians[1]:8.2f}')


if __name__ == '__main__':
    main()

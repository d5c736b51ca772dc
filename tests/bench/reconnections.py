"""1,000 clients that connect at once, as after a stop of another replica: until all are in sync, and its cost."""

import time
from pathlib import Path
from statistics import median

from tests.bench._aws import BenchAws
from tests.bench._server import nysa
from tests.swarm import Swarm

CLIENTS, ROUNDS = 1_000, 5
CLUSTERS, SERVICES = 60, 10
QUERIES = {'none': 'cluster=nothing', f'{CLUSTERS} clusters': 'cluster=*&detail=summary&batches=true'}


def dropped() -> int:
    """Attempts to connect that the kernel dropped: https://docs.kernel.org/networking/snmp_counter.html"""
    names, values = (line.split() for line in Path('/proc/net/netstat').read_text().splitlines()[:2])
    return int(dict(zip(names, values, strict=True))['ListenDrops'])


def main() -> None:
    services = [{f's{n}': {'image': 'team/app:1', 'desired_count': 1}} for n in range(SERVICES)]
    print(f'{"subscription":16}{"seconds":>10}{"CPU ms each":>14}{"dropped":>10}    goal: none dropped')
    with BenchAws() as aws:
        aws.fill({f'cluster-{n}': {'services': services} for n in range(CLUSTERS)})
        with nysa(aws) as server:
            aws.until_quiet()
            for what, query in QUERIES.items():
                # The clusters are loaded for the first subscriber.
                Swarm(server.port, 1, query).close()
                seconds, cpu_ms, before = list[float](), list[float](), dropped()
                for _ in range(ROUNDS):
                    began, cpu_s = time.monotonic(), server.cpu_s()
                    swarm = Swarm(server.port, CLIENTS, query, at_once=CLIENTS)
                    seconds.append(time.monotonic() - began)
                    cpu_ms.append((server.cpu_s() - cpu_s) / CLIENTS * 1000)
                    swarm.close()
                print(f'{what:16}{median(seconds):10.2f}{median(cpu_ms):14.2f}{dropped() - before:10}', flush=True)


if __name__ == '__main__':
    main()

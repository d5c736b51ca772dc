"""A thousand clusters of 100 services and one replica: the start, the memory, and the delay of a change."""

import statistics
import sys
import time

from tests.bench._aws import BenchAws
from tests.bench._server import nysa
from tests.swarm import Swarm

CLUSTERS, SERVICES, CHANGES = 1_000, 100, 20


def main(clusters: int = CLUSTERS) -> None:
    services = [{f's{n}': {'image': f'team/app-{n}:1', 'desired_count': 2}} for n in range(SERVICES)]
    with BenchAws() as aws:
        names = [f'cluster-{n}' for n in range(clusters)]
        for first in range(0, clusters, 100):
            aws.fill({name: {'services': services} for name in names[first : first + 100]})
        began = time.monotonic()
        with nysa(aws) as server:
            print(f'listens after                     {time.monotonic() - began:8.1f} s')
            print(f'memory at the start               {server.memory_mb():8.1f} MB')
            swarm = Swarm(server.port, 1, 'cluster=*', within=300)
            print(f'a subscriber to all has all after {time.monotonic() - began:8.1f} s    goal: 10')
            time.sleep(5)  # garbage of the start is collected before memory is measured
            print(f'memory with all of them           {server.memory_mb():8.1f} MB   goal: 400')
            delays = []
            for number in range(CHANGES):
                swarm.read(0)
                began = time.monotonic()
                answer = server.api('PUT', f'/clusters/{names[number * 7]}/services/s1', {'image_tag': str(number + 2)})
                assert answer.status == 202, answer.body
                swarm.until(lambda answer=answer: swarm.bees[0].knows(answer.revision))
                delays.append((swarm.bees[0].revisions[-1][0] - began) * 1000)
            print(f'delay of a change, median         {statistics.median(delays):8.1f} ms   goal: 50, 10 of S3 in it')
            print(f'CPU in all                        {server.cpu_s():8.1f} s')
            swarm.close()


if __name__ == '__main__':
    main(int(sys.argv[1]) if sys.argv[1:] else CLUSTERS)

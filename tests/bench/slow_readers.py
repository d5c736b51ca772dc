"""A thousand subscribers, fifty of whom stop reading for a minute while changes go on: what the others notice.

The time of a delivery runs from the request for the change to its last byte at a subscriber, the
write to S3 at 10 ms included.
"""

import json
import multiprocessing
import statistics
import sys
import time
from multiprocessing.connection import Connection

from tests.bench._aws import BenchAws
from tests.bench._server import Measured, nysa
from tests.client import Client
from tests.swarm import Bee, Swarm

SUBSCRIBERS, STOPPED = 1_000, 50
SECONDS, CHANGES_A_SECOND = 60, 5
SERVICES = 20


def document(tag: int) -> dict:
    return {'services': [{f's{n}': {'image': f'team/app:{tag}', 'desired_count': 1}} for n in range(SERVICES)]}


def write(port: int, seconds: float, results: Connection) -> None:
    """Change every service repeatedly; at the end send the time of each revision's request."""
    client = Client()
    client.port = port
    asked, started = {}, time.monotonic()
    while (now := time.monotonic()) < started + seconds:
        answer = client.api('PUT', '/clusters/prod/config', document(len(asked) + 1))
        assert answer.status == 202, answer.body
        asked[answer.revision] = now
        time.sleep(max(0.0, started + len(asked) / CHANGES_A_SECOND - time.monotonic()))  # the rate of changes
    results.send(asked)


def play(server: Measured, seconds: float) -> None:
    swarm = Swarm(server.port, SUBSCRIBERS, 'cluster=prod')
    stopped, others = swarm.bees[:STOPPED], swarm.bees[STOPPED:]
    before, cpu = server.memory_mb(), server.cpu_s()
    server.forget_peak()
    swarm.stop(stopped)
    local, remote = multiprocessing.Pipe()
    writer = multiprocessing.get_context('spawn').Process(target=write, args=(server.port, seconds, remote))
    writer.start()
    swarm.until(lambda: local.poll(), within=seconds + 60)
    asked: dict[str, float] = local.recv()
    writer.join()
    last = list(asked)[-1]
    swarm.until(lambda: all(bee.knows(last) for bee in others))
    cpu = server.cpu_s() - cpu
    peak = server.memory_mb('VmHWM')
    swarm.go_on(stopped)
    swarm.until(lambda: all(bee.knows(last) for bee in stopped))
    print_table(asked, others, before, peak, server.memory_mb(), cpu)
    print_verdict(asked, stopped, others, server)
    swarm.close()


def print_table(
    asked: dict[str, float], others: list[Bee], before: float, peak: float, after: float, cpu: float
) -> None:
    delays = [(at - asked[revision]) * 1000 for bee in others for at, revision in bee.revisions if revision in asked]
    cuts = statistics.quantiles(delays, n=1000)
    print(f'{len(asked)} changes, {len(delays):,} deliveries, {sum(bee.frames for bee in others):,} frames in all')
    for what, value, goal in (
        ('delivery, median, ms', cuts[499], ''),
        ('delivery, p99, ms', cuts[989], 'at most 250'),
        ('delivery, p99.9, ms', cuts[998], ''),
        ('delivery, longest, ms', max(delays), ''),
        ('memory before, MB', before, ''),
        ('memory at most, MB', peak, ''),
        ('memory after, MB', after, ''),
        ('more for each stopped one, KB', (peak - before) * 1024 / STOPPED, 'at most 256, with the history'),
        ('CPU of the server, s', cpu, ''),
    ):
        print(f'{what:34}{value:10.1f}    {goal}')


def print_verdict(asked: dict[str, float], stopped: list[Bee], others: list[Bee], server: Measured) -> None:
    answer = server.api('GET', '/clusters/prod/services')
    images = {row['name']: row['image'] for row in answer.json['content']}
    in_order = sum([revision for _, revision in bee.revisions if revision in asked] == list(asked) for bee in others)
    right = sum({row['name']: row['image'] for row in bee.message('cluster')['services']} == images for bee in stopped)
    merged = sum(json.loads(bee.last['cluster']).get('merged', 0) > 0 for bee in stopped)
    print(f'every revision once and in order:  {in_order} of {len(others)} that went on reading')
    print(f'right state in the end:            {right} of {len(stopped)} that had stopped; `merged` reported: {merged}')


def main(seconds: float = SECONDS) -> None:
    with BenchAws() as aws:
        aws.fill({'prod': document(0)})
        with nysa(aws) as server:
            play(server, seconds)


if __name__ == '__main__':
    main(float(sys.argv[1]) if sys.argv[1:] else SECONDS)

"""A thousand clusters of 100 services and one replica: how soon a subscriber to all has all, memory, stalls, a change.

Each detail is measured from a start of its own; `summary` a second time, with the summaries that the first one left.
"""

import gzip
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from stack.live.summary_store import PREFIX, SHARDS
from tests.bench._aws import BenchAws
from tests.bench._server import Measured, nysa
from tests.bench._stalls import stalls
from tests.swarm import Swarm

CLUSTERS, SERVICES, CHANGES = 1_000, 100, 20
# How long a server is observed after its subscriber is in sync; at most, until nearly all summaries are written.
LATER_S, LONGEST_S = 30, 900
# `waited` is for how long of `in sync` others had the processor; the stall is by the clock, and by the processor.
COLUMNS = (
    ('in sync', 's'),
    ('waited', 's'),
    ('CPU', 's'),
    ('memory', 'MB'),
    ('later', 'MB'),
    ('stall', 'ms'),
    ('CPU', 'ms'),
    ('change', 'ms'),
)


def main(clusters: int = CLUSTERS) -> None:
    names = [f'cluster-{n}' for n in range(clusters)]
    with BenchAws() as aws, tempfile.TemporaryDirectory() as directory:
        fill(aws, names, [{f's{n}': {'image': f'team/app-{n}:1', 'desired_count': 2}} for n in range(SERVICES)])
        print(f'{"":36}' + ''.join(f'{head:>9}' for head, _ in COLUMNS))
        print(f'{"":36}' + ''.join(f'{unit:>9}' for _, unit in COLUMNS))
        file = Path(directory) / 'stalls'
        measure('summary, nothing persisted', aws, file, names, 'summary', settled=True)
        measure('summary, with persisted summaries', aws, file, names, 'summary')
        measure('whole state', aws, file, names, 'services')


def fill(aws: BenchAws, names: list[str], services: list[dict[str, Any]]) -> None:
    """Store clusters of which everything was deployed, with the records of their rollouts.

    A server makes the record of the first one; the others are alike but for name and revision.
    """
    first, *others = names
    aws.fill({first: {'services': services}})
    with nysa(aws) as server:
        swarm = Swarm(server.port, 1, f'cluster={first}')
        while (record := aws.stored(f'rollouts/{first}').decode()).count('"ending": "succeeded"') < len(services):
            swarm.read(1)
        swarm.close()
    id = json.loads(record)['revision']
    for begin in range(0, len(others), 100):
        some = others[begin : begin + 100]
        stored = aws.fill({name: {'services': services} for name in some})
        records = {
            name: record.replace(id, version).replace(f'{first}+', f'{name}+') for name, version in stored.items()
        }
        aws.fill({f'rollouts/{name}': json.loads(made) for name, made in records.items()})


def measure(what: str, aws: BenchAws, file: Path, names: list[str], detail: str, *, settled: bool = False) -> None:
    """Print a row for one start of the server; with `settled` go on until nearly all summaries are written."""
    file.write_text('')
    began = time.monotonic()
    with nysa(aws, stalls=file) as server:
        listens = time.monotonic()
        swarm = Swarm(server.port, 1, f'cluster=*&detail={detail}', within=900)
        row = [time.monotonic() - began, server.waited_s(), server.cpu_s(), server.memory_mb()]
        delay = change(server, swarm, names)
        end = time.monotonic() + (LONGEST_S if settled else LATER_S)
        while time.monotonic() < end and not (settled and written(aws) >= len(names) - CHANGES):
            swarm.read(5)
        found = stalls(file, listens)
        row += [server.memory_mb(), *(max(each[1:][clock] for each in found) for clock in (0, 1)), delay]
        print(f'{what:36}' + ''.join(f'{number:9.1f}' for number in row))
        longest = sorted(found, key=lambda stall: stall.cpu_ms, reverse=True)[:5]
        named = ', '.join(f'{stall.what} {stall.cpu_ms:.0f} ms' for stall in longest)
        print(f'    longest by the processor: {named}', flush=True)
        swarm.close()


def change(server: Measured, swarm: Swarm, names: list[str]) -> float:
    """The median delay of a change, in milliseconds from the request to the subscriber."""
    delays = []
    for number in range(CHANGES):
        swarm.read(0)
        began = time.monotonic()
        name = names[number * 7 % len(names)]
        answer = server.api('PUT', f'/clusters/{name}/services/s1', {'image_tag': str(began)})
        assert answer.status == 202, answer.body
        swarm.until(lambda answer=answer: swarm.bees[0].knows(answer.revision))
        delays.append((swarm.bees[0].revisions[-1][0] - began) * 1000)
    return statistics.median(delays)


def written(aws: BenchAws) -> int:
    """How many clusters have a persisted summary."""
    bodies = [aws.stored(PREFIX + shard) for shard in SHARDS]
    return sum(len(gzip.decompress(body).splitlines()) - 1 for body in bodies if body)


if __name__ == '__main__':
    main(int(sys.argv[1]) if sys.argv[1:] else CLUSTERS)

"""One event of 500 bytes to 10,000 sockets: CPU for each delivery, what other requests notice, memory for each socket.

Raw sends and the hub's go to the same sockets, in turn; the websockets library has a server of its own.
"""

import json
import multiprocessing
import resource
import statistics
import time
from multiprocessing.connection import Connection

from tests.bench._aws import BenchAws
from tests.bench._load import load, request
from tests.bench._server import Measured
from tests.client import Client
from tests.swarm import Swarm

SOCKETS, ROUNDS = 10_000, 9
# Sockets that are opened and closed before memory is measured.
WARMS = 10


def room() -> int:
    """As many sockets as this process may have open, up to what is wanted."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(SOCKETS, hard - 200)


def ask_others(port: int, stop: Connection) -> None:
    """Request /healthz until asked to stop; send the times."""
    times: list[float] = []
    stop.send(True)
    while not stop.poll():
        times += load(port, lambda: request('GET', '/healthz'), 1, 0.5).times_ms
    stop.send(times)


def publish(server: Measured, swarm: Swarm, by: str) -> dict[str, float]:
    """Publish an event, read it on every socket, return the cost."""
    frames = sum(bee.frames for bee in swarm.bees) + len(swarm.bees)
    process = multiprocessing.get_context('spawn')
    local, remote = process.Pipe()
    asking = process.Process(target=_ask, args=(server.port, by, remote))
    asking.start()
    swarm.until(lambda: local.poll() and sum(bee.frames for bee in swarm.bees) >= frames)
    asking.join()
    return json.loads(local.recv())


def _ask(port: int, by: str, results: Connection) -> None:
    client = Client()
    client.port = port
    results.send(client.ask('GET', f'/-/publish?by={by}').body.decode())


def compare(server: Measured, count: int, ways: tuple[str, ...]) -> None:
    before = server.memory_mb()
    swarm = Swarm(server.port, count, 'cluster=nothing')
    each_kb = (server.memory_mb() - before) * 1024 / count
    costs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            costs[way].append(publish(server, swarm, way))
    for way in ways:
        cpu = statistics.median(each['cpu_s'] for each in costs[way]) / count * 1e6
        stall = max(each['stall_ms'] for each in costs[way])
        print(f'{way:12}{cpu:18.1f}{stall:20.1f}{each_kb:18.1f}', flush=True)
    if 'hub' in ways:
        notice(server, swarm)
    swarm.close()


def idle(aws: BenchAws, count: int) -> None:
    """The memory of sockets that do nothing, without and with compression offered, each in a server of its own."""
    for deflated in (False, True):
        with Measured('-m', 'tests.bench._fanout_server', 'nysa', **aws.environment()) as server:
            Swarm(server.port, WARMS, 'cluster=nothing', deflated=deflated).close()
            before = server.memory_mb()
            swarm = Swarm(server.port, count, 'cluster=nothing', deflated=deflated)
            each_kb = (server.memory_mb() - before) * 1024 / count
            offered, goal = (', deflate offered', 24) if deflated else ('', 14)
            print(f'an idle subscriber{offered:20}{each_kb:8.1f} KB    goal {goal}')
            swarm.close()


def notice(server: Measured, swarm: Swarm) -> None:
    """The time of other requests while events are sent, one after the other."""
    process = multiprocessing.get_context('spawn')
    local, remote = process.Pipe()
    other = process.Process(target=ask_others, args=(server.port, remote))
    other.start()
    local.recv()
    end = time.monotonic() + 10
    while time.monotonic() < end:
        publish(server, swarm, 'hub')
    local.send(True)
    times = local.recv()
    other.join()
    print(
        f'{len(times)} other requests meanwhile: median {statistics.median(times):.1f} ms, '
        f'p99 {statistics.quantiles(times, n=100)[98]:.1f} ms; goal: at most 10'
    )


def main() -> None:
    count = room()
    print(f'{count:,} sockets')
    print(f'{"":12}{"CPU a delivery, us":>18}{"longest stall, ms":>20}{"KB each socket":>18}')
    with BenchAws() as aws:
        for kind, ways in (('websockets', ('broadcast',)), ('nysa', ('raw', 'hub'))):
            with Measured('-m', 'tests.bench._fanout_server', kind, **aws.environment()) as server:
                compare(server, count, ways)
        print('goal: at most 1.5 × raw and 1.1 × broadcast; 60 ms')
        idle(aws, count)


if __name__ == '__main__':
    main()

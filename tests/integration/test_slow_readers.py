"""Readers that stop: the others do not notice, the server's memory is bounded, and in the end all know the same."""

import threading

from stack.live.log import MOST_BYTES
from tests.server import Server
from tests.swarm import Swarm

# Enough that every event is a large one.
SERVICES = [{f's{number}': {'image': 'team/app:0', 'desired_count': 1}} for number in range(60)]

READERS, STOPPED, CHANGES = 60, 6, 60


def test_readers_that_stop_cost_little_and_end_up_right(server: Server):
    cluster = server.cluster({'services': SERVICES})
    swarm = Swarm(server.port, READERS, f'cluster={cluster}')
    stopped, others = swarm.bees[:STOPPED], swarm.bees[STOPPED:]
    swarm.stop(stopped)
    revisions: list[str] = []
    writer = threading.Thread(target=lambda: revisions.extend(change_all(server, cluster)))
    writer.start()
    swarm.until(lambda: len(revisions) == CHANGES and all(bee.knows(revisions[-1]) for bee in others))
    writer.join()
    for bee in others:
        assert [revision for _, revision in bee.revisions[1:]] == revisions
    kept = server.context.live.clusters.of(cluster).log.bytes
    assert kept <= MOST_BYTES, 'whatever the number of readers that have stopped'
    swarm.go_on(stopped)
    swarm.until(lambda: all(bee.knows(revisions[-1]) for bee in stopped))
    merged = [bee.message('cluster').get('merged', 0) for bee in stopped]
    assert all(merged), 'what was left out is counted'
    swarm.close()


def change_all(server: Server, cluster: str) -> list[str]:
    """Change every service at once, again and again: each event has sixty changes."""
    made = []
    for number in range(1, CHANGES + 1):
        services = [
            {name: {**settings, 'image': f'team/app:{number}'}} for each in SERVICES for name, settings in each.items()
        ]
        answer = server.api('PUT', f'/clusters/{cluster}/config', {'services': services})
        assert answer.status == 202, answer.body
        made.append(answer.revision)
    return made

"""A history of 5,000 revisions: its first page, the same again, a page in the middle, the audit."""

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from stack.sandbox.server import EmbeddedAws
from stack.state import revisions
from stack.state.revisions import Change, Origin
from tests.aws import Aws
from tests.client import path
from tests.server import Server

REVISIONS = 5_000
SERVICES = 20


def fill(server: Server, cluster: str) -> None:
    """Each revision is another tag of one of the services."""
    services = [{f'service-{n}': {'image': 'team/app:0', 'desired_count': 2}} for n in range(SERVICES)]
    s3 = server.aws.client('s3')
    for n in range(REVISIONS):
        services[n % SERVICES][f'service-{n % SERVICES}']['image'] = f'team/app:{n}'
        change = Change(Origin('bench', 'here', f'change {n}'), datetime.now(UTC), {'verb': 'change'}, None)
        metadata = revisions.encode(f'write-{n}', [change])
        s3.put_object(Bucket=server.bucket, Key=cluster, Body=json.dumps({'services': services}), Metadata=metadata)


def timed(ask: Callable[[], object]) -> float:
    started = time.perf_counter()
    ask()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    with EmbeddedAws.start() as embedded:
        aws = Aws(embedded)
        with Server(aws) as server:
            cluster = aws.cluster()
            fill(server, cluster)
            other = server.cluster({'services': [{'web': {'image': 'team/app:1'}}]})
            server.api('GET', path('clusters', other, 'revisions'))
            address = path('clusters', cluster, 'revisions')
            first = timed(lambda: server.api('GET', address))
            again = statistics.median(timed(lambda: server.api('GET', address)) for _ in range(20))
            middle = server.stored_versions(cluster)[REVISIONS // 2]
            deep = timed(lambda: server.api('GET', f'{address}?after={middle}'))
            audit = timed(lambda: server.api('GET', path('clusters', cluster, 'audit')))
            call = statistics.median(
                timed(lambda: aws.client('s3').list_object_versions(Bucket=server.bucket, Prefix=cluster, MaxKeys=23))
                for _ in range(20)
            )
    print(f'{"one listing of the embedded S3":40}{call:8.1f} ms')
    print(f'{"first page of 20":40}{first:8.1f} ms    goal 300')
    print(f'{"the same again":40}{again:8.1f} ms    goal 30')
    print(f'{"a page in the middle":40}{deep:8.1f} ms')
    print(f'{"the audit":40}{audit:8.1f} ms')

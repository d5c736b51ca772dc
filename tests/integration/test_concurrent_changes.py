"""Many writers, two servers, one cluster: what is accepted adds up, and the history has each of it once."""

import json
import threading
from collections.abc import Callable

import pytest

from stack.sandbox.faults import Fault
from stack.state import revisions
from tests.aws import Aws
from tests.client import path
from tests.server import Server

WRITERS = 16
CHANGES = 25


def at_once(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_conditional_changes_add_up_to_the_accepted_ones(aws: Aws):
    """Each writer counts its own service up from the revision that it read, or is refused with a conflict."""
    config = {'services': [{f's{n}': {'image': 'team/app:0', 'desired_count': 0}} for n in range(WRITERS)]}
    accepted: dict[int, list[str]] = {n: [] for n in range(WRITERS)}
    statuses: set[int] = set()
    with Server(aws) as one, Server(aws, AWS_S3_BUCKET=one.bucket, AWS_SQS_NOTIFICATION_QUEUE=one.queue) as two:
        name = one.cluster(config)

        def write(n: int) -> None:
            server = (one, two)[n % 2]
            for _ in range(CHANGES):
                read = server.api('GET', path('clusters', name, 'config'))
                count = next(item[f's{n}']['desired_count'] for item in read.json['services'] if f's{n}' in item)
                address = path('clusters', name, 'services', f's{n}')
                answer = server.api('PUT', address, {'desired_count': count + 1}, If_Match=read.headers['ETag'])
                statuses.add(answer.status)
                if answer.status == 202:
                    accepted[n].append(answer.json['revision'])

        at_once(WRITERS, write)
        end = {
            service: each['desired_count'] for item in one.document(name)['services'] for service, each in item.items()
        }
        recorded = on_record(one, name, 'desired_count')
        one.run(one.settled())
        two.run(two.settled())
        announced = {each['revision'] for each in one.messages()}
    assert statuses <= {202, 412}
    assert end == {f's{n}': len(accepted[n]) for n in range(WRITERS)}
    assert sum(map(len, accepted.values())) >= CHANGES
    for n in range(WRITERS):
        assert recorded.get(f's{n}', []) == [(count + 1, revision) for count, revision in enumerate(accepted[n])]
    assert announced >= {revision for each in accepted.values() for revision in each}


def on_record(server: Server, name: str, field: str) -> dict[str, list[tuple[int | str, str]]]:
    """By service, each value that was set and the revision that records it, the oldest first."""
    found: dict[str, list[tuple[int | str, str]]] = {}
    s3 = server.aws.client('s3')
    for version in reversed(server.stored_versions(name)):
        metadata = s3.head_object(Bucket=server.bucket, Key=name, VersionId=version)['Metadata']
        for change in revisions.decode(metadata):
            if change.did['verb'] == 'change':
                found.setdefault(change.did['service'], []).append((change.did[field], version))
    return found


@pytest.mark.parametrize('servers', [1, 2])
def test_unconditional_changes_are_all_made(aws: Aws, servers: int):
    config = {'services': [{f's{n}': {'image': 'team/app:0'}} for n in range(20)]}
    with Server(aws) as one, Server(aws, AWS_S3_BUCKET=one.bucket, AWS_SQS_NOTIFICATION_QUEUE=one.queue) as two:
        name = one.cluster(config)
        statuses: list[int] = []

        def write(n: int) -> None:
            server = (one, two)[n % servers]
            for tag in ('1', '2'):
                address = path('clusters', name, 'services', f's{n}')
                statuses.append(server.api('PUT', address, {'image_tag': tag}).status)

        at_once(20, write)
        assert set(statuses) == {202}
        images = {each['image'] for item in one.document(name)['services'] for each in item.values()}
        assert images == {'team/app:2'}
        assert sum(map(len, on_record(one, name, 'image_tag').values())) == 40


def test_a_write_whose_answer_was_lost_counts_even_under_another_programs(aws: Aws):
    """S3 stores, the answer is lost, another writer overwrites it: the change was made, and is not repeated."""
    with Server(aws) as server:
        name = server.cluster({'services': [{'web': {'image': 'nginx:1'}}]})
        first = len(server.stored_versions(name))
        answers = []

        def change() -> None:
            address = path('clusters', name, 'services', 'web')
            answers.append(server.api('PUT', address, {'image_tag': '2'}))

        with aws.faults.during(Fault('lose', service='s3', operation='PutObject', resource=name, times=1)):
            changing = threading.Thread(target=change)
            changing.start()
            while len(server.stored_versions(name)) == first:
                changing.join(0.001)
            body = json.dumps({'services': [{'web': {'image': 'nginx:9'}}]})
            aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=body)
            changing.join()
        (answer,) = answers
        assert answer.status == 202, answer.body
        newest_first = server.stored_versions(name)
        assert answer.json['revision'] == newest_first[1]
        assert len(newest_first) == first + 2
        assert server.document(name)['services'][0]['web']['image'] == 'nginx:9'

"""The sweeper: what one server stored and did not announce, another one announces once and in order."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from stack.changes.change_request import ChangeRequest
from stack.notify.ledger import TAG
from stack.sandbox.faults import Fault
from stack.state import revisions
from stack.state.revisions import Change, Origin
from tests.asynchronous import asynchronous
from tests.aws import Aws
from tests.client import path
from tests.fake_s3 import World
from tests.replicas import Replica
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'worker': {'image': 'nginx:1'}}]}
QUEUE_DOWN = Fault('down', service='sqs', operation='SendMessage')


def config(*names: str, tag: str = '1') -> dict:
    return {'services': [{name: {'image': f'nginx:{tag}'}} for name in names]}


def dead_write(server: Server, name: str, document: dict, announce: str | None = 'deploy', **did) -> str:
    """A write of a server that died before it announced it; its revision."""
    change = Change(Origin('maria', 'test'), datetime.now(UTC), {'verb': 'test', **did}, announce)
    metadata = revisions.encode(f'{id(document):x}-{datetime.now(UTC).timestamp()}', [change])
    body = json.dumps(document).encode()
    put = server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=body, Metadata=metadata)
    return put.get('VersionId') or put['ETag'].strip('"')


def by_hand(server: Server, name: str, document: dict) -> str:
    body = json.dumps(document).encode()
    return server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=body)['VersionId']


def tag_service(server: Server, name: str, tag: str) -> dict:
    answer = server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': tag})
    assert answer.status == 202, answer.body
    return answer.json


def sweep(server: Server) -> None:
    server.sweeper.grace_s = -1
    server.run(server.sweeper.sweep())


def announced(server: Server) -> list[tuple]:
    return [(each['event_type'], each['revision'], each.get('service')) for each in server.messages()]


def marks(server: Server, name: str) -> list[bool]:
    """Which versions are marked, the newest first."""
    s3 = server.aws.client('s3')
    found = s3.list_object_versions(Bucket=server.bucket, Prefix=name)['Versions']
    tags = [s3.get_object_tagging(Bucket=server.bucket, Key=name, VersionId=each['VersionId']) for each in found]
    return [any(tag['Key'] == TAG for tag in each['TagSet']) for each in tags]


@pytest.fixture(params=['versions', 'no versions'])
def any_server(request, aws: Aws) -> Iterator[Server]:
    with Server(aws, AWS_S3_BUCKET=aws.bucket(versioned=request.param == 'versions')) as running:
        yield running


def test_what_is_announced_is_marked_and_not_announced_again(any_server: Server):
    server = any_server
    name = server.cluster(CONFIG)
    revision = tag_service(server, name, '2')['revision']
    assert announced(server) == [('cluster-deploy', revision, None)]
    server.run(server.settled())
    assert marks(server, name)[0]
    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as other:
        sweep(other)
    sweep(server)
    assert announced(server) == []


@asynchronous
async def test_a_change_costs_its_server_one_call_of_a_sweep_and_every_other_one_two():
    world = World()
    here, there = Replica(world), Replica(world)
    await here.states.create('prod', CONFIG, ChangeRequest(Origin('kim', 'test')))
    await here.states.settled()
    assert [await swept(here), await swept(here)] == [[('HeadObject', 'prod')], []]
    assert await swept(there) == [('HeadObject', 'prod'), ('GetObjectTagging', 'prod')]
    assert await swept(there) == []


@asynchronous
async def test_a_change_of_a_moment_ago_costs_no_call_of_a_sweep():
    world = World()
    here, there = Replica(world), Replica(world)
    world.now = datetime.now(UTC).replace(microsecond=0)
    await here.states.create('prod', CONFIG, ChangeRequest(Origin('kim', 'test')))
    await here.states.settled()
    there.context.sweeper.grace_s = 3600.0
    assert await swept(there) == []
    there.context.sweeper.grace_s = -1.0
    assert await swept(there) == [('HeadObject', 'prod'), ('GetObjectTagging', 'prod')]


@asynchronous
async def test_content_that_another_program_stored_again_over_a_dead_servers_change_is_looked_at():
    # All of it before the first sweep here, which finds the ETag that it knows in the listing.
    world = World()
    here = Replica(world)
    created = await here.states.create('prod', CONFIG, ChangeRequest(Origin('kim', 'test')))
    await here.states.settled()
    change = Change(Origin('maria', 'test'), datetime.now(UTC), {'verb': 'test', 'service': 'worker'}, 'destroy')
    world.store('prod', json.dumps(config('web')).encode(), revisions.encode('lost', [change]))
    again = world.store('prod', created.revision.body)
    assert ('HeadObject', 'prod') in await swept(here)
    assert [message['revision'] for message in here.aws.sent] == [created.revision.id, again.id]


async def swept(replica: Replica) -> list[tuple[str, str]]:
    """The calls of a sweep beside its listing, of S3 and about a cluster."""
    replica.aws.calls.clear()
    await replica.context.sweeper.sweep()
    await replica.states.settled()
    return [call for call in replica.aws.calls if call[1] == 'prod']


def test_a_dead_servers_change_is_announced_once(any_server: Server):
    server = any_server
    name = server.aws.cluster()
    revision = dead_write(server, name, CONFIG)
    sweep(server)
    (message,) = server.messages()
    assert (message['revision'], message['payload'], message['requested_by']) == (revision, CONFIG, 'maria')
    sweep(server)
    assert announced(server) == []


def test_several_are_announced_in_order(server: Server):
    name = server.cluster(CONFIG)
    first = dead_write(server, name, config('web', 'worker', tag='2'))
    second = dead_write(server, name, config('web', tag='2'), 'destroy', service='worker')
    third = dead_write(server, name, config('web', tag='3'))
    sweep(server)
    assert announced(server) == [
        ('cluster-deploy', first, None),
        ('service-destroy', second, 'worker'),
        ('cluster-deploy', third, None),
    ]


def test_what_was_not_to_be_announced_is_not(any_server: Server):
    name = any_server.aws.cluster()
    dead_write(any_server, name, CONFIG, None)
    sweep(any_server)
    assert announced(any_server) == []


def test_a_young_revision_is_left_to_whoever_stored_it(server: Server):
    name = server.aws.cluster()
    dead_write(server, name, CONFIG)
    due = server.run(server.sweeper.sweep())
    assert announced(server) == []
    assert 0 < due <= server.sweeper.grace_s
    sweep(server)
    assert len(announced(server)) == 1


def test_a_change_over_an_unannounced_one_announces_that_first(server: Server):
    name = server.cluster(CONFIG)
    server.run(server.settled())
    first = dead_write(server, name, config('web', tag='2'), 'destroy', service='worker')
    second = tag_service(server, name, '3')['revision']
    assert announced(server) == [('service-destroy', first, 'worker'), ('cluster-deploy', second, None)]
    sweep(server)
    assert announced(server) == []


def test_without_versions_a_destruction_is_not_lost_under_the_next_change(aws: Aws):
    with Server(aws, AWS_S3_BUCKET=aws.bucket(versioned=False)) as server:
        name = server.cluster(CONFIG)
        dead_write(server, name, config('web'), 'destroy', service='worker')
        with aws.faults.during(QUEUE_DOWN):
            second = tag_service(server, name, '3')
        assert second['notification'] == 'pending'
        messages = announced(server)
        with Server(aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as other:
            sweep(other)
        messages += announced(server)
        assert ('service-destroy', second['revision'], 'worker') in messages
        assert ('cluster-deploy', second['revision'], None) in messages


def test_without_versions_a_mark_that_comes_late_is_not_that_of_the_next_revision(aws: Aws):
    with Server(aws, AWS_S3_BUCKET=aws.bucket(versioned=False)) as server:
        name = server.cluster(CONFIG)
        server.run(server.settled())
        s3, place = aws.client('s3'), {'Bucket': server.bucket, 'Key': name}
        mark = s3.get_object_tagging(**place)['TagSet']
        dead_write(server, name, config('web'), 'destroy', service='worker')
        s3.put_object_tagging(**place, Tagging={'TagSet': mark})
        second = tag_service(server, name, '3')['revision']
        assert set(announced(server)) == {('service-destroy', second, 'worker'), ('cluster-deploy', second, None)}


def test_a_service_that_has_come_back_is_not_destroyed(server: Server):
    name = server.cluster(CONFIG)
    dead_write(server, name, config('web', 'worker', tag='2'), 'destroy', service='worker')
    sweep(server)
    assert announced(server) == []


def test_what_lies_below_another_programs_write_is_found(server: Server):
    name = server.cluster(CONFIG)
    dead = dead_write(server, name, config('web'), 'destroy', service='worker')
    by_hand(server, name, config('web', tag='2'))
    mine = tag_service(server, name, '3')['revision']
    assert announced(server) == [('cluster-deploy', mine, None)]
    sweep(server)
    assert announced(server) == [('service-destroy', dead, 'worker')]
    sweep(server)
    assert announced(server) == []
    server.run(server.settled())
    assert marks(server, name)[0]


def test_the_newest_state_is_announced_where_another_program_wrote_it(server: Server):
    name = server.aws.cluster()
    dead_write(server, name, CONFIG)
    newest = by_hand(server, name, config('web', tag='9'))
    sweep(server)
    (message,) = server.messages()
    assert (message['revision'], message['payload']) == (newest, config('web', tag='9'))
    sweep(server)
    assert announced(server) == []


def test_a_bucket_that_others_wrote_owes_nothing(server: Server):
    name = server.aws.cluster()
    for n in range(15):
        by_hand(server, name, config('web', tag=str(n)))
    sweep(server)
    assert announced(server) == []
    server.run(server.settled())
    assert marks(server, name)[0], 'a long history is walked once'
    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as other:
        with server.counted('s3:') as made:
            sweep(other)
        assert 's3:ListObjectVersions' not in made


def test_others_tags_stay(server: Server):
    name = server.aws.cluster()
    for n in range(15):
        by_hand(server, name, config('web', tag=str(n)))
    s3 = server.aws.client('s3')
    s3.put_object_tagging(Bucket=server.bucket, Key=name, Tagging={'TagSet': [{'Key': 'team', 'Value': 'red'}]})
    sweep(server)
    server.run(server.settled())
    tags = s3.get_object_tagging(Bucket=server.bucket, Key=name)['TagSet']
    assert {'Key': 'team', 'Value': 'red'} in tags
    assert len(tags) == 2


def test_while_the_queue_is_down_changes_are_accepted_and_announced_later_in_order(server: Server):
    name = server.cluster(CONFIG)
    with server.aws.faults.during(QUEUE_DOWN):
        answers = [tag_service(server, name, str(n)) for n in range(3)]
        removed = server.api('DELETE', path('clusters', name, 'services', 'worker')).json
    assert {each['notification'] for each in [*answers, removed]} == {'pending'}
    server.run(server.settled())
    assert announced(server) == [
        *(('cluster-deploy', each['revision'], None) for each in answers),
        ('service-destroy', removed['revision'], 'worker'),
    ]


def test_a_deployment_that_could_not_be_announced_survives_its_server(aws: Aws):
    with Server(aws) as server:
        name = server.cluster(CONFIG)
        with aws.faults.during(QUEUE_DOWN):
            answer = server.api('POST', path('clusters', name, 'deploy'), X_Nysa_Actor='mária')
            assert (answer.status, answer.json['notification']) == (202, 'pending')
            with Server(aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as other:
                other.sweeper.grace_s = -1
                aws.faults.clear()
                sweep(other)
                messages = server.messages()
    assert ('cluster-deploy', answer.json['revision']) in [(m['event_type'], m['revision']) for m in messages]
    assert any(message['requested_by'] == 'm_ria' for message in messages)


def test_one_cluster_that_cannot_be_read_does_not_hold_up_the_others(server: Server):
    names = [server.aws.cluster() for _ in range(3)]
    for name in names:
        dead_write(server, name, CONFIG)
    with server.aws.faults.during(Fault('deny', service='s3', operation='HeadObject', resource=names[1])):
        sweep(server)
        assert {each['cluster'] for each in server.messages()} == {names[0], names[2]}
    sweep(server)
    assert {each['cluster'] for each in server.messages()} == {names[1]}


@pytest.mark.parametrize('denied', ['PutObjectTagging', 'GetObjectTagging'])
def test_where_versions_may_not_be_tagged_nothing_is_taken_for_owed(aws: Aws, caplog, denied):
    """Else everything that was ever stored would be announced again by the next server."""
    with aws.faults.during(Fault('deny', service='s3', operation=denied)), Server(aws) as server:
        name = server.cluster(CONFIG)
        assert tag_service(server, name, '2')['notification'] == 'sent'
        with Server(aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as other:
            other.messages()
            sweep(other)
            assert tag_service(other, name, '3')['notification'] == 'sent'
            assert [each['payload']['services'][0]['web']['image'] for each in other.messages()] == ['nginx:3']
    assert 's3:PutObjectTagging' in caplog.text


def test_a_swept_bucket_costs_one_call(server: Server):
    name = server.cluster(CONFIG)
    server.api('GET', path('clusters', name))
    tag_service(server, name, '2')
    server.run(server.settled())
    sweep(server)
    sweep(server)
    with server.counted('s3:') as made:
        sweep(server)
    assert made == {'s3:ListObjectsV2': 1}

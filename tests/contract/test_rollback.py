"""Rollback: an earlier revision is restored, and the replaced images stay in quarantine until they are released."""

import json

import pytest

from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'nginx:1'}}, {'worker': {'image': 'nginx:1'}}]}


def tag(server: Server, name: str, value: str, service: str = 'web', query: str = ''):
    return server.api('PUT', path('clusters', name, 'services', service) + query, {'image_tag': value})


def roll_back(server: Server, name: str, query: str = '', **body):
    return server.api('POST', path('clusters', name, 'rollback') + query, body or None, X_Nysa_Actor='maria')


def images(server: Server, name: str) -> dict[str, str]:
    return {service: each['image'] for item in server.document(name)['services'] for service, each in item.items()}


def quarantine(server: Server, name: str, service: str = 'web') -> list[dict]:
    return server.api('GET', path('clusters', name, 'services', service, 'quarantine')).json['content']


@pytest.mark.parametrize(
    'body',
    [{'revision': 5}, {'service': []}, {'message': {}}, {'prune': 'yes'}, {'to': 'x'}, ['x']],
)
def test_a_rollback_that_cannot_be_is_refused(server: Server, body):
    name = server.cluster(CONFIG)
    assert server.api('POST', path('clusters', name, 'rollback'), body).status == 400


def test_where_there_is_nothing_to_go_back_to(server: Server):
    name = server.cluster(CONFIG)
    assert roll_back(server, 'missing').status == 404
    assert roll_back(server, name).status == 422
    assert roll_back(server, name, revision='nonsense').status == 404
    tag(server, name, '2')
    assert roll_back(server, name, service='worker').status == 422
    assert roll_back(server, name, service='missing').status == 422
    assert roll_back(server, name, revision=server.stored(name)['VersionId']).status == 409


def test_the_last_other_content_comes_back(server: Server):
    name = server.cluster(CONFIG)
    first = server.stored(name)['VersionId']
    away = tag(server, name, '2').json['revision']
    server.api('PUT', path('clusters', name, 'freeze'), {'reason': 'x'})
    server.api('DELETE', path('clusters', name, 'freeze'))
    server.messages()
    answer = roll_back(server, name, message='loses sessions')
    assert answer.status == 202, answer.body
    assert (answer.json['restored'], answer.json['notification']) == (first, 'sent')
    assert server.document(name) == CONFIG
    (message,) = server.messages()
    assert (message['payload'], message['requested_by'], message['message']) == (CONFIG, 'maria', 'loses sessions')
    (held,) = quarantine(server, name)
    assert (held['image'], held['by'], held['reason']) == ('nginx:2', 'maria', 'loses sessions')
    assert held['revision'] != away, 'the revision that was current: that of the thaw'
    row = server.api('GET', path('clusters', name, 'revisions')).json['content'][0]
    assert row['summary'] == 'rolled back; web: image 2 → 1'
    assert row['changes'][0]['did'] == {'verb': 'rollback', 'revision': first}


def test_any_revision_can_be_gone_back_to(server: Server):
    name = server.cluster(CONFIG)
    revisions = [tag(server, name, str(n)).json['revision'] for n in (2, 3, 4)]
    assert roll_back(server, name, revision=revisions[0]).json['restored'] == revisions[0]
    assert images(server, name)['web'] == 'nginx:2'


def test_one_service_can_go_back_alone(server: Server):
    name = server.cluster(CONFIG)
    tag(server, name, '2')
    tag(server, name, '5', 'worker')
    assert roll_back(server, name, service='web').status == 202
    assert images(server, name) == {'web': 'nginx:1', 'worker': 'nginx:5'}
    assert [held['image'] for held in quarantine(server, name)] == ['nginx:2']
    assert quarantine(server, name, 'worker') == []


def test_a_service_that_was_removed_can_come_back_alone(server: Server):
    name = server.cluster(CONFIG)
    server.api('DELETE', path('clusters', name, 'services', 'web'))
    tag(server, name, '5', 'worker')
    assert roll_back(server, name, service='web').status == 202
    assert images(server, name) == {'worker': 'nginx:5', 'web': 'nginx:1'}


@pytest.mark.parametrize('prune', [True, False])
def test_services_that_were_not_there_go_on_running_or_are_destroyed(server: Server, prune):
    name = server.cluster(CONFIG)
    server.api('PUT', path('clusters', name, 'config'), {'services': [*CONFIG['services'], {'new': {'image': 'n:1'}}]})
    server.messages()
    answer = roll_back(server, name, prune=prune)
    assert answer.json.get('unmanaged') == (None if prune else ['new'])
    destroyed = [each['service'] for each in server.messages() if each['event_type'] == 'service-destroy']
    assert destroyed == (['new'] if prune else [])


def test_what_was_rolled_away_from_does_not_come_back(server: Server):
    name = server.cluster(CONFIG)
    bad = tag(server, name, '2').json['revision']
    roll_back(server, name, message='loses sessions')
    current = server.stored(name)['VersionId']
    server.messages()
    with_bad = {'services': [{'web': {'image': 'nginx:2'}}, {'worker': {'image': 'nginx:1'}}]}
    for refused in (
        tag(server, name, '2'),
        tag(server, name, '2', query='?override=please'),
        server.api('PUT', path('clusters', name, 'config'), with_bad),
        roll_back(server, name),
        roll_back(server, name, revision=bad),
    ):
        assert (refused.status, refused.json['error']) == (409, 'quarantined'), refused.body
        for words in ('maria', 'loses sessions', 'web'):
            assert words in refused.json['message']
        assert refused.json['quarantine']['image'] == 'nginx:2'
    assert (server.stored(name)['VersionId'], server.messages()) == (current, [])
    assert tag(server, name, '2', 'worker').status == 202, 'only that service is concerned'
    assert tag(server, name, '3').status == 202


def test_the_quarantine_of_all_services_is_one_list(server: Server):
    name = server.cluster(CONFIG)
    everything = path('clusters', name, 'quarantine')
    assert server.api('GET', everything).json == {'content': []}
    tag(server, name, '2')
    roll_back(server, name)
    assert server.api('GET', everything).json['content'] == quarantine(server, name)
    assert server.api('GET', path('clusters', 'missing', 'quarantine')).status == 404


def test_a_quarantine_does_not_hold_up_other_changes(server: Server):
    """Where an image in quarantine is stored all the same, by another program, only bringing it back is refused."""
    name = server.cluster(CONFIG)
    tag(server, name, '2')
    roll_back(server, name)
    by_hand = {'services': [{'web': {'image': 'nginx:2'}}, {'worker': {'image': 'nginx:1'}}]}
    server.aws.client('s3').put_object(Bucket=server.bucket, Key=name, Body=json.dumps(by_hand).encode())
    assert server.api('PUT', path('clusters', name, 'services', 'web'), {'desired_count': 4}).status == 202


def test_a_plan_says_what_the_quarantine_would_refuse(server: Server):
    name = server.cluster(CONFIG)
    tag(server, name, '2')
    roll_back(server, name, message='loses sessions')
    plan = tag(server, name, '2', query='?dry_run=true')
    assert plan.status == 200
    assert 'loses sessions' in plan.json['notes'][0]['message']


@pytest.mark.parametrize('reason', [None, '', 5])
def test_a_release_takes_a_reason(server: Server, reason):
    name = server.cluster(CONFIG)
    tag(server, name, '2')
    roll_back(server, name)
    address = path('clusters', name, 'services', 'web', 'quarantine')
    assert server.api('DELETE', address, {'reason': reason}).status == 400
    assert server.api('DELETE', address).status == 400
    assert len(quarantine(server, name)) == 1


def test_a_released_image_may_come_back(server: Server):
    name = server.cluster(CONFIG)
    tag(server, name, '2')
    roll_back(server, name)
    address = path('clusters', name, 'services', 'web', 'quarantine')
    answer = server.api('DELETE', address, {'reason': 'it was the network'}, X_Nysa_Actor='jo')
    assert [each['image'] for each in answer.json['released']] == ['nginx:2']
    assert quarantine(server, name) == []
    assert tag(server, name, '2').status == 202
    row = server.api('GET', path('clusters', name, 'revisions')).json['content'][1]
    assert (row['summary'], row['by'], row['message']) == ('image released from quarantine', 'jo', 'it was the network')
    assert server.api('DELETE', address, {'reason': 'again'}).status == 404


def test_a_quarantine_holds_in_every_replica(server: Server):
    name = server.cluster(CONFIG)
    with Server(server.aws, AWS_S3_BUCKET=server.bucket, AWS_SQS_NOTIFICATION_QUEUE=server.queue) as replica:
        tag(replica, name, '2')
        roll_back(server, name)
        assert tag(replica, name, '2').status == 409


def test_a_rollback_can_be_planned(server: Server):
    name = server.cluster(CONFIG)
    first = server.stored(name)['VersionId']
    tag(server, name, '2')
    current = server.stored(name)['VersionId']
    plan = roll_back(server, name, '?dry_run=true')
    assert (plan.status, plan.json['summary'], plan.json['restored']) == (200, 'web: image 2 → 1', first)
    assert [held['image'] for held in plan.json['quarantined']] == ['nginx:2']
    assert server.stored(name)['VersionId'] == current
    assert quarantine(server, name) == []
    assert roll_back(server, name, f'?plan={plan.json["id"]}').status == 202
    assert roll_back(server, name, f'?plan={plan.json["id"]}').status in (409, 412)


def test_a_rollback_based_on_an_older_revision_is_refused_and_leaves_nothing_behind(server: Server):
    name = server.cluster(CONFIG)
    tag(server, name, '2')
    refused = server.api('POST', path('clusters', name, 'rollback'), {}, If_Match='"older"')
    assert refused.status == 412
    assert quarantine(server, name) == []


def test_an_image_is_known_by_its_digest(server: Server):
    """The same image under another tag is refused, another image under the same tag is not."""
    repository = server.aws.repository(tags=[['v1'], ['v2', 'v2-again'], ['v3']])
    image = server.aws.image(repository, 'v1')
    name = server.cluster({'services': [{'web': {'image': image}}]})
    digests = {each['tag']: each['digest'] for each in tags(server, name)}
    tag(server, name, 'v2')
    answer = roll_back(server, name)
    assert [held['digest'] for held in answer.json['quarantined']] == [digests['v2']]
    assert {each['tag'] for each in tags(server, name) if each['quarantined']} == {'v2', 'v2-again'}
    assert tag(server, name, 'v2-again').status == 409
    pinned = {'services': [{'web': {'image': f'{image.removesuffix(":v1")}@{digests["v2"]}'}}]}
    assert server.api('PUT', path('clusters', name, 'config'), pinned).status == 409
    assert tag(server, name, 'v3').status == 202
    server.aws.push(repository, ['v2'])
    assert tag(server, name, 'v2').status == 202


def test_two_tags_of_one_image_can_be_rolled_back_and_are_not_kept_away(server: Server):
    repository = server.aws.repository(tags=[['v1', 'v1-again']])
    image = server.aws.image(repository, 'v1')
    name = server.cluster({'services': [{'web': {'image': image}}]})
    tag(server, name, 'v1-again')
    answer = roll_back(server, name)
    assert (answer.status, answer.json['quarantined']) == (202, []), answer.body
    assert images(server, name) == {'web': image}


def test_an_override_brings_back_an_image_in_quarantine(server: Server):
    name = server.cluster(CONFIG)
    bad = tag(server, name, '2').json['revision']
    roll_back(server, name)
    assert roll_back(server, name, revision=bad).status == 409
    assert roll_back(server, name, query='?override=it+was+not+the+image', revision=bad).status == 202
    assert images(server, name)['web'] == 'nginx:2'
    row = server.api('GET', path('clusters', name, 'revisions')).json['content'][0]
    assert row['changes'][0]['override'] == 'it was not the image'


def tags(server: Server, name: str) -> list[dict]:
    return server.api('GET', path('clusters', name, 'services', 'web', 'tags')).json['content']

"""Taking over from one cluster to another what runs there, to the digest where a tag may move."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from stack.watch.observer import Observer
from tests.client import path
from tests.server import Server


def config(**images: str) -> dict[str, Any]:
    return {'services': [{name: {'image': image}} for name, image in images.items()]}


def promote(server: Server, target: str, source: str, query: str = '', **body: Any):
    return server.api('POST', path('clusters', target, 'promote') + query, {'from': source, **body})


def images(server: Server, name: str) -> dict[str, str]:
    return {service: each['image'] for item in server.document(name)['services'] for service, each in item.items()}


def run(server: Server, cluster: str, service: str, image: str) -> None:
    """Have a service's tasks run an image in ECS, as a scheduler does."""
    ecs = server.aws.client('ecs')
    definition = ecs.register_task_definition(
        family=f'{cluster}-{service}',
        containerDefinitions=[{'name': service, 'image': image, 'memory': 64, 'essential': True}],
    )['taskDefinition']['taskDefinitionArn']
    ecs.create_service(cluster=cluster, serviceName=service, taskDefinition=definition, desiredCount=1)
    server.aws.advance(300)


@pytest.mark.parametrize(
    ('body', 'status'),
    [
        ({}, 400),
        ({'from': ''}, 400),
        ({'from': 5}, 400),
        ({'from': 'x', 'services': 'web'}, 400),
        ({'from': 'x', 'services': []}, 400),
        ({'from': 'x', 'services': [5]}, 400),
        ({'from': 'x', 'to': 'y'}, 400),
        ({'from': 'missing'}, 422),
    ],
)
def test_a_promotion_that_cannot_be_is_refused(server: Server, body, status):
    name = server.cluster(config(web='nginx:1'))
    assert server.api('POST', path('clusters', name, 'promote'), body).status == status
    assert server.api('POST', path('clusters', 'missing', 'promote'), {'from': name}).status == 404


def test_tags_are_taken_over_where_both_have_the_service(server: Server):
    source = server.cluster(config(web='host:5000/team/web:2', worker='worker:2', extra='extra:2'))
    target = server.cluster(config(own='own:1', web='host:5000/team/web:1', worker='worker:2'))
    answer = promote(server, target, source, '?message=release')
    assert answer.status == 202, answer.body
    (taken,) = answer.json['promoted']
    assert (taken['service'], taken['before'], taken['image'], taken['tag']) == (
        'web',
        'host:5000/team/web:1',
        'host:5000/team/web:2',
        '2',
    )
    assert 'ECS does not report' in taken['note']
    assert {key: answer.json[key] for key in ('unchanged', 'only_in_source', 'only_in_target', 'unknown')} == {
        'unchanged': ['worker'],
        'only_in_source': ['extra'],
        'only_in_target': ['own'],
        'unknown': [],
    }
    assert images(server, target) == {'own': 'own:1', 'web': 'host:5000/team/web:2', 'worker': 'worker:2'}
    (message,) = server.messages()
    assert (message['cluster'], message['message']) == (target, 'release')
    row = server.api('GET', path('clusters', target, 'revisions')).json['content'][0]
    assert row['summary'] == 'promoted; web: image 1 → 2'
    assert row['changes'][0]['did']['from'] == source


def test_only_the_services_that_were_asked_for(server: Server):
    source = server.cluster(config(web='web:2', worker='worker:2'))
    target = server.cluster(config(web='web:1', worker='worker:1'))
    answer = promote(server, target, source, services=['worker', 'missing'])
    assert (answer.status, answer.json['unknown']) == (202, ['missing'])
    assert images(server, target) == {'web': 'web:1', 'worker': 'worker:2'}


def test_where_there_is_nothing_to_take_over(server: Server):
    source, target = server.cluster(config(web='web:1', a='a:1')), server.cluster(config(web='web:1', b='b:1'))
    refused = promote(server, target, source)
    assert refused.status == 422
    assert {each['path'] for each in refused.json['details']} == {'web', 'a', 'b'}
    assert server.messages() == []


def test_a_tag_that_may_move_becomes_the_digest_that_the_source_runs(server: Server):
    repository = server.aws.repository(tags=['v1', 'v2'])
    old, new = server.aws.image(repository, 'v1'), server.aws.image(repository, 'v2')
    source, target = server.cluster(config(web=new)), server.cluster(config(web=old))
    run(server, source, 'web', new)
    runs = server.aws.client('ecr').describe_images(repositoryName=repository, imageIds=[{'imageTag': 'v2'}])
    digest = runs['imageDetails'][0]['imageDigest']
    moved = server.aws.push(repository, ['v2'])
    plan = promote(server, target, source, '?dry_run=true')
    (taken,) = promote(server, target, source).json['promoted']
    assert (taken['digest'], taken['tag_points_to'], taken['tag_moved']) == (digest, moved, True)
    assert images(server, target) == {'web': f'{new.removesuffix(":v2")}@{digest}'}
    assert plan.json['promoted'] == [taken]


def test_a_tag_that_cannot_move_is_taken_over_as_it_is(server: Server):
    repository = server.aws.repository(tags=['v1', 'v2'])
    server.aws.client('ecr').put_image_tag_mutability(repositoryName=repository, imageTagMutability='IMMUTABLE')
    old, new = server.aws.image(repository, 'v1'), server.aws.image(repository, 'v2')
    source, target = server.cluster(config(web=new)), server.cluster(config(web=old))
    run(server, source, 'web', new)
    assert promote(server, target, source).status == 202
    assert images(server, target) == {'web': new}


def test_another_repository_takes_over_the_tag_alone(server: Server):
    source_repository, target_repository = server.aws.repository(tags=['v2']), server.aws.repository(tags=['v1', 'v2'])
    source = server.cluster(config(web=server.aws.image(source_repository, 'v2')))
    target = server.cluster(config(web=server.aws.image(target_repository, 'v1')))
    run(server, source, 'web', server.aws.image(source_repository, 'v2'))
    (taken,) = promote(server, target, source).json['promoted']
    assert (taken['image'], taken['tag_moved']) == (server.aws.image(target_repository, 'v2'), True)
    assert 'does not have' in taken['note']


def test_a_digest_in_the_source_is_taken_over(server: Server):
    digest = f'sha256:{"0" * 64}'
    source, target = server.cluster(config(web=f'web@{digest}')), server.cluster(config(web='web:1'))
    promote(server, target, source)
    assert images(server, target) == {'web': f'web@{digest}'}


def test_a_promotion_is_guarded_like_any_change(server: Server):
    source, target = server.cluster(config(web='web:2')), server.cluster(config(web='web:1'))
    current = server.stored(target)['VersionId']
    plan = promote(server, target, source, '?dry_run=true')
    assert (plan.status, plan.json['summary']) == (200, 'web: image 1 → 2')
    assert server.api('POST', path('clusters', target, 'promote'), {'from': source}, If_Match='"older"').status == 412
    server.api('PUT', path('clusters', target, 'freeze'), {'reason': 'x'})
    assert promote(server, target, source).status == 423
    server.api('DELETE', path('clusters', target, 'freeze'))
    assert server.document(target) == config(web='web:1')
    promote(server, target, source)
    server.api('POST', path('clusters', target, 'rollback'), {'revision': current})
    assert promote(server, target, source).status == 409


def look(server: Server, cluster: str) -> None:
    """Have the server look at ECS, as its watcher does."""

    async def looking() -> None:
        state = await server.context.live.state(cluster)
        observer = Observer(server.context.looks, time.monotonic, lambda: datetime.now(UTC))
        await server.context.live.see(cluster, await observer.observe(state, list(state.wanted)))
        arns = {arn for name in state.wanted for arn in state.unread.of(name)}
        looks = await server.context.looks.of(cluster)
        await server.context.live.define(cluster, {arn: await looks.definition(arn) for arn in arns})

    server.run(looking())


class TestWhatRollsOutOrFailsInTheSource:
    @pytest.fixture
    def clusters(self, server: Server) -> tuple[str, str]:
        """A source in which `web` runs another image than the one that is wanted, and a target."""
        source = server.cluster(config(web='web:2', worker='worker:2'))
        run(server, source, 'web', 'web:1')
        look(server, source)
        return source, server.cluster(config(web='web:0', worker='worker:0'))

    def test_it_is_left_out(self, server: Server, clusters: tuple[str, str]):
        source, target = clusters
        for query in ('?dry_run=true', ''):
            answer = promote(server, target, source, query)
            assert [each['service'] for each in answer.json['promoted']] == ['worker']
            assert [(each['service'], each['hindrance']) for each in answer.json['not_well']] == [
                ('web', 'it is rolling out (0 %)')
            ]
        assert images(server, target) == {'web': 'web:0', 'worker': 'worker:2'}

    def test_it_is_refused_where_it_is_named(self, server: Server, clusters: tuple[str, str]):
        source, target = clusters
        refused = promote(server, target, source, services=['web'])
        assert (refused.status, refused.json['error']) == (409, 'conflict')
        assert refused.json['details'] == [{'path': 'web', 'message': 'it is rolling out (0 %)'}]
        assert images(server, target) == {'web': 'web:0', 'worker': 'worker:0'}

    def test_it_is_taken_over_by_force(self, server: Server, clusters: tuple[str, str]):
        source, target = clusters
        answer = promote(server, target, source, services=['web'], force=True)
        assert (answer.status, answer.json['not_well']) == (202, [])
        assert answer.json['promoted'][0]['hindrance'] == 'it is rolling out (0 %)'
        assert images(server, target) == {'web': 'web:2', 'worker': 'worker:0'}

    def test_force_is_true_or_false(self, server: Server, clusters: tuple[str, str]):
        source, target = clusters
        assert promote(server, target, source, force='yes').status == 400


def test_two_tags_of_one_image_are_the_same(server: Server):
    repository = server.aws.repository(tags=[['v1', 'v1-again'], ['v2']])
    again, first = (server.aws.image(repository, tag) for tag in ('v1-again', 'v1'))
    source, target = server.cluster(config(web=again)), server.cluster(config(web=first))
    refused = promote(server, target, source)
    assert refused.status == 422
    assert refused.json['details'] == [{'path': 'web', 'message': 'has that image already'}]
    server.api('PUT', path('clusters', source, 'services', 'web'), {'image_tag': 'v2'})
    (taken,) = promote(server, target, source).json['promoted']
    assert taken['digest'].startswith('sha256:')
    assert taken['before_digest'].startswith('sha256:')
    assert taken['digest'] != taken['before_digest']

"""The product from end to end on an AWS that this project has not written.

Its name keeps it out of `make test`: it takes the emulator, which `make test-other-aws` sets up.
"""

import asyncio
import json

import pytest

from tests.live_client import LiveClient
from tests.other_aws.conftest import PATIENCE_S, Product, eventually
from tests.other_aws.lacks import LACKS, Lack


def rolled_out(product: Product, cluster: str) -> None:
    """Return once the current revision has arrived."""

    def answer() -> object:
        got = product.api('GET', 'clusters', cluster, 'rollout', query='?wait=20')
        return got.status, got.json

    def arrived() -> bool:
        status, body = answer()
        return status == 200 and body['settled'] and body['verdict']['ending'] == 'succeeded'

    eventually(arrived, answer)


def test_a_service_is_created_and_changed(product: Product, managed: str):
    rolled_out(product, managed)
    changed = product.api('PUT', 'clusters', managed, 'services', 'web', body={'image_tag': 'v2'})
    assert changed.status == 202, changed.body
    expected = {'web': (product.image('v2'), 1)}
    eventually(lambda: product.running(managed) == expected, lambda: product.running(managed))
    rolled_out(product, managed)


def test_a_second_pass_finds_nothing_to_do(product: Product, managed: str):
    rolled_out(product, managed)
    ecs = product.aws.client('ecs')
    before = ecs.describe_services(cluster=managed, services=['web'])['services'][0]['taskDefinition']
    assert product.api('POST', 'clusters', managed, 'deploy').status == 202
    plan = product.api('POST', 'clusters', managed, 'deploy', query='?dry_run=true')
    assert plan.status == 200, plan.body
    assert [step['kind'] for step in plan.json['ecs']['steps']] == []
    rolled_out(product, managed)
    assert ecs.describe_services(cluster=managed, services=['web'])['services'][0]['taskDefinition'] == before


def test_a_rollback_brings_the_former_image_back(product: Product, managed: str):
    rolled_out(product, managed)
    product.api('PUT', 'clusters', managed, 'services', 'web', body={'image_tag': 'v2'})
    rolled_out(product, managed)
    back = product.api('POST', 'clusters', managed, 'rollback', body={'message': 'loses sessions'})
    assert back.status == 202, back.body
    expected = {'web': (product.image('v1'), 1)}
    eventually(lambda: product.running(managed) == expected, lambda: product.running(managed))
    again = product.api('PUT', 'clusters', managed, 'services', 'web', body={'image_tag': 'v2'})
    assert (again.status, again.json['error']) == (409, 'quarantined')


def test_a_freeze_refuses_changes_until_it_is_lifted(product: Product, managed: str):
    frozen = product.api('PUT', 'clusters', managed, 'freeze', body={'reason': 'the big sale', 'until': '1h'})
    assert frozen.status == 200, frozen.body
    change = {'desired_count': 3}
    assert product.api('PUT', 'clusters', managed, 'services', 'web', body=change).status == 423
    assert product.api('DELETE', 'clusters', managed, 'freeze').status == 200
    assert product.api('PUT', 'clusters', managed, 'services', 'web', body=change).status == 202


def test_the_history_has_every_change_and_what_it_changed(product: Product, managed: str):
    product.api('PUT', 'clusters', managed, 'services', 'web', body={'image_tag': 'v2'}, query='?message=newer')
    rows = product.api('GET', 'clusters', managed, 'revisions').json['content']
    assert [row['message'] for row in rows] == ['newer', 'begin']
    diff = product.api('GET', 'clusters', managed, 'revisions', rows[0]['revision'], 'diff')
    assert 'v2' in json.dumps(diff.json)
    tags = product.api('GET', 'clusters', managed, 'services', 'web', 'tags').json['content']
    assert {tag['tag'] for tag in tags} == {'v1', 'v2'}


def test_a_change_is_heard_on_the_live_channel(product: Product, managed: str):
    async def listen() -> None:
        client = await LiveClient.connect(product.server.port)
        client.patience = PATIENCE_S
        await client.subscribe(managed)
        body = {'image_tag': 'v2'}
        change = await asyncio.to_thread(product.api, 'PUT', 'clusters', managed, 'services', 'web', body=body)
        revision = change.json['revision']
        # A whole cluster stands for the changes that it covers.
        await client.until(lambda message: message.get('revision') == revision)
        await client.close()
        assert {each['type'] for each in client.got} & {'desired', 'cluster'}

    asyncio.run(listen())


def test_a_service_is_destroyed(product: Product, managed: str):
    assert product.api('DELETE', 'clusters', managed, 'services', 'web').status == 202
    eventually(lambda: product.running(managed) == {}, lambda: product.running(managed))


def test_a_cluster_is_removed_and_restored(product: Product, managed: str):
    rolled_out(product, managed)
    assert product.api('DELETE', 'clusters', managed).status in (200, 202)
    assert product.api('GET', 'clusters', managed).status == 404
    assert product.running(managed) == {'web': (product.image('v1'), 1)}
    assert product.api('POST', 'clusters', managed, 'restore').status == 202
    assert product.api('GET', 'clusters', managed).status == 200
    rolled_out(product, managed)
    assert product.running(managed) == {'web': (product.image('v1'), 1)}


@pytest.mark.parametrize('lack', LACKS, ids=lambda lack: lack.what)
def test_what_it_lacks_is_still_lacking(product: Product, lack: Lack):
    """A row of the table that no longer holds is removed, and the walk goes there too."""
    assert lack.holds(product.aws), 'the emulator has it now: remove the row'

"""What a change does besides what was asked for: listed in its plan, and confirmed with it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.client import path
from tests.server import Server

CONFIG = {'services': [{'web': {'image': 'web:1', 'desired_count': 1, 'memory': 256, 'cpu': 128}}]}


def test_a_sidecar_that_would_be_lost_is_in_the_plan(page: Page, server: Server, violations: Callable[[], list[str]]):
    ecs = server.aws.client('ecs')
    name = server.aws.cluster()
    containers = [
        {'name': 'web', 'image': 'web:1', 'memory': 256, 'cpu': 128, 'essential': True},
        {'name': 'agent', 'image': 'agent:1', 'memory': 64, 'essential': False},
    ]
    ecs.register_task_definition(family=f'{name}-web', networkMode='host', containerDefinitions=containers)
    ecs.create_service(cluster=name, serviceName='web', taskDefinition=f'{name}-web', desiredCount=1)
    server.cluster(CONFIG, name)
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{name}/services/web')
    page.get_by_role('button', name='Scale', exact=True).click()
    page.get_by_label('Tasks', exact=True).fill('2')
    page.get_by_role('button', name='Review', exact=True).click()
    dialog = page.get_by_role('dialog', name='Scale web to 2')
    expect(dialog.get_by_text('1 running setting will be lost')).to_be_visible()
    expect(dialog.get_by_role('listitem').filter(has_text='web loses containers')).to_be_visible()
    assert violations() == []
    dialog.get_by_label('Reason').fill('The agent runs elsewhere')
    dialog.get_by_role('button', name='Scale to 2').click()
    expect(page.get_by_role('heading', name='web scaled to 2')).to_be_visible()
    [revision, *_] = server.api('GET', path('clusters', name, 'revisions')).json['content']
    assert [effect['effect'] for effect in revision['changes'][0]['also']] == ['lost']

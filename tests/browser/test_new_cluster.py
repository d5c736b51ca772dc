"""A cluster taken under management: from a form, a file, or what runs; each ends in a plan, a reason, and a button."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.client import BaseClient
from playwright.sync_api import Locator, Page, Route, expect

from tests.process import Process

IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/user-service:v2.6.0'
STACKFILE = f'---\n# Ours\nservices:\n  - api:\n      image: {IMAGE}\n      desired_count: 0\n'


def begin(page: Page, cluster: str, source: str) -> None:
    page.goto('/cp/new')
    page.get_by_label('Name of the ECS cluster').fill(cluster)
    page.get_by_role('button', name=source).click()
    page.get_by_role('button', name='Next').click()


def review(page: Page) -> None:
    ready = page.get_by_role('button', name='Next', exact=True)
    expect(ready).not_to_have_attribute('aria-disabled', 'true')
    ready.click()


def finish(page: Page, verb: str, reason: str) -> None:
    button = page.get_by_role('button', name=re.compile(f'^{verb}'))
    expect(button).to_contain_text('Enter a reason')
    page.get_by_label('Reason').fill(reason)
    button.click()


def managed(product: Process, cluster: str) -> dict:
    return product.api('GET', f'/clusters/{cluster}').json


def test_from_a_form_with_a_draft_that_survives(page: Page, product: Process, new_cluster: str):
    begin(page, new_cluster, 'Start with one service')
    page.get_by_label('Service').fill('api')
    page.get_by_label('Image').fill(IMAGE)
    page.get_by_label('Port').fill('8080')
    page.reload()
    expect(page.get_by_label('Image')).to_have_value(IMAGE)
    page.get_by_role('button', name='Generate stackfile').click()
    expect(page.locator('.cm-content')).to_contain_text('ports: ["8080:8080"]')
    page.reload()
    review(page)
    expect(page.get_by_role('heading', name='1 change in 1 service')).to_be_visible()
    expect(page.get_by_role('cell', name=IMAGE)).to_be_visible()
    assert new_cluster not in product.api('GET', '/clusters').json['content']
    finish(page, 'Create', 'The first one')
    expect(page).to_have_url(re.compile(f'/cp/clusters/{new_cluster}/rollout$'))
    assert managed(product, new_cluster)['message'] == 'The first one'
    page.goto('/cp/new')
    expect(page.get_by_label('Name of the ECS cluster')).to_have_value('')


def choices(page: Page) -> Locator:
    return page.get_by_role('radiogroup', name='Unmanaged ECS clusters')


def test_a_cluster_is_chosen_without_a_mouse(page: Page, living: str, violations: Callable[[], list[str]]):
    page.emulate_media(reduced_motion='reduce')
    page.goto('/cp/new')
    expect(choices(page).get_by_role('radio', name=f'{living} 3 services, 0 tasks')).to_be_visible()
    expect(choices(page).get_by_role('radio', name='staging')).to_have_count(0)
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    page.get_by_label('Name of the ECS cluster').focus()
    page.keyboard.type(living[1:])
    expect(choices(page).get_by_role('radio')).to_have_count(1)
    page.keyboard.press('ArrowDown')
    expect(page.get_by_label('Name of the ECS cluster')).to_have_value(living)
    page.keyboard.press('Enter')
    expect(page.get_by_label('Image')).to_be_visible()


def answer_with(page: Page, status: int, body: dict) -> list[Route]:
    """Has the next questions for the clusters of ECS answered so; the questions."""
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        route.fulfill(status=status, json=body)

    page.route('**/api/v1/ecs-clusters*', answer)
    return asked


def test_hundreds_of_clusters_can_be_filtered(page: Page):
    rows = [{'name': f'team-{n}', 'managed': False, 'services': 1, 'running': n} for n in range(400)]
    answer_with(page, 200, {'content': rows})
    page.goto('/cp/new')
    expect(page.get_by_text('400 unmanaged ECS clusters')).to_be_visible()
    page.get_by_label('Name of the ECS cluster').fill('M-39')
    expect(page.get_by_text('11 of 400')).to_be_visible()
    choices(page).get_by_role('radio', name='team-39 1 service, 39 tasks').check()
    expect(page.get_by_label('Name of the ECS cluster')).to_have_value('team-39')
    expect(choices(page).get_by_role('radio')).to_have_count(11)
    page.get_by_label('Name of the ECS cluster').fill('other')
    expect(page.get_by_text('0 of 400 unmanaged ECS clusters match')).to_be_visible()


def test_where_there_is_nothing_to_choose(page: Page, violations: Callable[[], list[str]]):
    asked = answer_with(page, 200, {'content': []})
    page.goto('/cp/new')
    expect(page.get_by_text('Every ECS cluster is managed already')).to_be_visible()
    assert violations() == []
    page.get_by_label('Name of the ECS cluster').fill('staging')
    expect(page.get_by_text('staging is managed already', exact=True)).to_be_visible()
    assert len(asked) == 1


def test_a_list_that_ecs_denies_leaves_the_typing(
    page: Page, new_cluster: str, tolerated: list[str], violations: Callable[[], list[str]]
):
    tolerated.append('status of 502')
    why = 'AWS refused ecs:ListClusters: AccessDeniedException: no'
    answer_with(page, 502, {'error': 'aws_failed', 'message': why, 'details': []})
    page.goto('/cp/new')
    alert = page.get_by_role('alert')
    expect(alert).to_contain_text('type the name')
    expect(alert).to_contain_text(why)
    assert violations() == []
    page.get_by_label('Name of the ECS cluster').fill(new_cluster)
    expect(page.get_by_role('button', name='Next')).not_to_have_attribute('aria-disabled', 'true')
    page.unroute('**/api/v1/ecs-clusters*')
    alert.get_by_role('button', name='Retry').click()
    expect(choices(page).get_by_role('radio', name=new_cluster)).to_be_visible()


def test_a_list_that_takes_long_and_one_that_has_grown(page: Page, ecs: BaseClient, new_cluster: str):
    held: list[Route] = []
    page.route('**/api/v1/ecs-clusters*', lambda route: held.append(route))
    page.goto('/cp/new')
    expect(page.get_by_role('main').get_by_role('status').filter(has_text='Loading')).to_be_visible()
    while not held:
        page.wait_for_timeout(50)
    held.pop().continue_()
    page.unroute('**/api/v1/ecs-clusters*')
    expect(choices(page).get_by_role('radio', name=new_cluster)).to_be_visible()
    ecs.create_cluster(clusterName=f'{new_cluster}-two')
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(choices(page).get_by_role('radio', name=f'{new_cluster}-two')).to_be_visible()


def test_from_a_file_as_it_was_written(page: Page, product: Process, new_cluster: str, tmp_path: Path):
    begin(page, new_cluster, 'From a stackfile')
    (tmp_path / 'stack.yml').write_text(STACKFILE)
    page.get_by_label('Stackfile', exact=True).and_(page.locator('input')).set_input_files(tmp_path / 'stack.yml')
    expect(page.locator('.cm-content')).to_contain_text('# Ours')
    review(page)
    page.get_by_role('tab', name='As text').click()
    expect(page.get_by_role('region', name='The first stackfile')).to_contain_text('# Ours')
    finish(page, 'Create', 'From our repository')
    expect(page).to_have_url(re.compile(f'/cp/clusters/{new_cluster}/rollout$'))
    assert [each['name'] for each in managed(product, new_cluster)['services']] == ['api']


def drop(target: Locator, text: str) -> None:
    """Dispatch the event of a dropped file."""
    transfer = target.evaluate_handle(
        "(_, text) => { const t = new DataTransfer(); t.items.add(new File([text], 'stack.yml')); return t; }", text
    )
    target.dispatch_event('drop', {'dataTransfer': transfer})


def test_a_dropped_file_takes_the_place_of_the_text_once(page: Page, new_cluster: str):
    begin(page, new_cluster, 'From a stackfile')
    page.locator('.cm-content').click()
    page.keyboard.insert_text('services: []\n')
    drop(page.locator('.cm-content'), STACKFILE)
    expect(page.locator('.cm-line').filter(has_text='# Ours')).to_have_count(1)
    expect(page.locator('.cm-content')).not_to_contain_text('services: []')


def test_what_is_asked_for_twice_is_made_once(page: Page, new_cluster: str):
    begin(page, new_cluster, 'From a stackfile')
    page.locator('.cm-content').click()
    page.keyboard.insert_text('services: []\n')
    review(page)
    page.get_by_label('Reason').fill('Once')
    expect(page.get_by_role('button', name='Create')).not_to_have_attribute('aria-disabled', 'true')
    made: list[str] = []
    page.on('request', lambda each: made.append(each.url) if each.method == 'POST' and 'dry_run' not in each.url else 0)
    page.evaluate(
        "() => { const button = [...document.querySelectorAll('button')].find((b) => b.textContent === 'Create');"
        ' button.click(); button.click(); }'
    )
    expect(page).to_have_url(re.compile(f'/cp/clusters/{new_cluster}/rollout$'))
    assert len(made) == 1


def test_a_cluster_that_ecs_does_not_have(page: Page):
    begin(page, 'nowhere', 'Import running services')
    expect(page.get_by_role('alert')).to_contain_text("ECS has no cluster 'nowhere'")
    page.get_by_role('button', name='From a stackfile').click()
    page.get_by_role('button', name='Next').click()
    page.locator('.cm-content').click()
    page.keyboard.insert_text('services: []\n')
    review(page)
    expect(page.get_by_role('alert')).to_contain_text("ECS has no cluster 'nowhere'")
    expect(page.get_by_role('button', name=re.compile('^Create'))).to_have_attribute('aria-disabled', 'true')


@pytest.fixture
def living(ecs: BaseClient, new_cluster: str) -> str:
    """A cluster with two services that a stackfile can state, and one that it cannot: nothing could pull its image."""
    web = {'name': 'web', 'image': IMAGE, 'memory': 64}
    services = {
        'web': [web],
        'pair': [web | {'name': 'pair'}, web | {'name': 'helper'}],
        'odd': [web | {'name': 'odd', 'image': 'An Image'}],
    }
    for name, containers in services.items():
        family = f'{new_cluster}-{name}'
        ecs.register_task_definition(family=family, networkMode='host', containerDefinitions=containers)
        ecs.create_service(cluster=new_cluster, serviceName=name, taskDefinition=family, desiredCount=0)
    return new_cluster


def test_adopting_shows_what_cannot_be_expressed_and_deploys_nothing(
    page: Page, product: Process, ecs: BaseClient, living: str, violations: Callable[[], list[str]]
):
    page.emulate_media(reduced_motion='reduce')
    begin(page, living, 'Import running services')
    notes = page.get_by_role('region', name='Notes')
    expect(notes.get_by_role('heading', name='odd')).to_be_visible()
    expect(notes).to_contain_text('It is not in the document and goes on running unchanged')
    expect(page.locator('.cm-content')).not_to_contain_text('#')
    expect(page.get_by_text("Importing doesn't deploy")).to_be_visible()
    page.reload()
    expect(notes).to_contain_text('It is not in the document and goes on running unchanged')
    assert violations() == []
    page.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    review(page)
    expect(page.get_by_role('heading', name=f'Adopt {living}')).to_be_visible()
    expect(page.get_by_text('a first deployment would change nothing but its tags')).to_be_visible()
    assert violations() == []
    page.emulate_media(color_scheme='light', reduced_motion='reduce')
    assert violations() == []
    before = ecs.describe_services(cluster=living, services=['web', 'pair'])['services']
    finish(page, 'Adopt', 'As it runs')
    expect(page.get_by_text('Nothing was deployed')).to_be_visible()
    expect(page.get_by_role('link', name='web, open')).to_be_visible()
    after = ecs.describe_services(cluster=living, services=['web', 'pair'])['services']
    assert [each['taskDefinition'] for each in after] == [each['taskDefinition'] for each in before]
    assert managed(product, living)['message'] == 'As it runs'

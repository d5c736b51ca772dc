"""The rollout of a version, as a new user follows it: by what the page shows alone."""

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.client import path
from tests.moving import run_everything
from tests.process import Process
from tests.server import Server

# A rollout, and the first tasks that fail, on a machine that does other things too.
LONG_MS = 120_000
# ECS gives its rollouts up by itself: it has a circuit breaker.
SERVICE = 'user-service'


def tags(product: Process) -> list[str]:
    answer = product.api('GET', f'/clusters/staging/services/{SERVICE}/tags?limit=100')
    return [each['tag'] for each in answer.json['content']]


def deploy(page: Page, tag: str, reason: str) -> None:
    page.get_by_role('link', name='staging').first.click()
    page.get_by_role('link', name=f'{SERVICE}, open').click()
    page.get_by_role('button', name='Deploy', exact=True).click()
    page.get_by_label('Tag', exact=True).fill(tag)
    page.get_by_role('radio', name=tag).first.check()
    page.get_by_label('Reason').fill(reason)
    page.get_by_role('button', name=f'Deploy {tag}', exact=True).click()
    page.get_by_role('link', name='Follow the rollout').click()


def test_a_version_is_deployed_another_fails_and_is_rolled_back(
    page: Page, product: Process, violations: Callable[[], list[str]]
):
    page.emulate_media(reduced_motion='reduce')
    wanted_now = product.api('GET', f'/clusters/staging/services/{SERVICE}').json['image_tag']
    good = next(each for each in tags(product) if is_new(each) and each != wanted_now)
    bad = next(each for each in tags(product) if is_broken(each))
    page.goto('/cp')
    deploy(page, good, 'A faster login')
    arrived = page.get_by_role('region', name='Done').get_by_role('row').filter(has_text=SERVICE)
    expect(arrived).to_contain_text(good, timeout=LONG_MS)
    expect(arrived).to_contain_text('Succeeded', timeout=LONG_MS)
    assert violations() == []
    page.goto(f'/cp/clusters/staging/services/{SERVICE}')
    ended = page.get_by_role('region', name='Rollout', exact=True)
    expect(ended).to_contain_text(re.compile(rf'{good} live in \d+ (s|min)'))

    page.get_by_role('link', name='Nysa').click()
    deploy(page, bad, 'Faster still')
    failure = page.get_by_role('alert').filter(has_text=SERVICE)
    expect(failure).to_be_visible(timeout=LONG_MS)
    page.reload()
    expect(failure).to_be_visible()

    # From "something is wrong" to "this is why": one click. A dense wall, which other tests' clusters make, takes two.
    page.goto('/cp?size=large')
    tile = page.get_by_role('article').filter(has_text='staging')
    tile.get_by_role('link', name=SERVICE).first.click()
    drawer = page.get_by_role('complementary', name=f'Service {SERVICE}')
    expect(drawer.get_by_role('alert')).to_contain_text(re.compile('exit code|stop|fail', re.IGNORECASE))
    # What ECS has given up: the change that brought it, and the last lines of its log.
    recorded = drawer.get_by_role('region', name='Failure report')
    expect(recorded).to_contain_text('Faster still', timeout=LONG_MS)
    assert violations() == []

    drawer.get_by_role('button', name=f'Roll back to {good}').click()
    expect(page.get_by_role('dialog').get_by_text('1 change in 1 service')).to_be_visible()
    page.get_by_label('Reason').fill('It does not start')
    page.get_by_role('button', name='Roll back', exact=True).click()
    expect(arrived).to_contain_text(good, timeout=LONG_MS)
    expect(arrived).to_contain_text('Succeeded', timeout=LONG_MS)
    page.get_by_role('link', name='History', exact=True).click()
    rolled_back = page.get_by_role('listitem').filter(has_text='It does not start')
    expect(rolled_back).to_contain_text(f'Rollback of {SERVICE} to')
    page.set_viewport_size({'width': 320, 'height': 640})
    assert page.evaluate('() => document.documentElement.scrollWidth') <= 320
    page.set_viewport_size({'width': 1280, 'height': 720})
    # The page shows how each ended, too, with a link to why.
    expect(page.get_by_role('listitem').filter(has_text='A faster login')).to_contain_text('Succeeded')
    failed = page.get_by_role('listitem').filter(has_text='Faster still')
    expect(failed).to_contain_text('Rolled back')
    expect(failed.get_by_role('link', name=SERVICE)).to_be_visible()

    # The version that was rolled away from is marked where versions are chosen.
    page.get_by_role('link', name='Services', exact=True).click()
    page.get_by_role('link', name=f'{SERVICE}, open').click()
    page.get_by_role('button', name='Deploy', exact=True).click()
    picker = page.get_by_role('dialog')
    picker.get_by_label('Tag', exact=True).fill(bad)
    expect(picker.locator('label').filter(has_text='Blocked')).to_contain_text(bad)
    picker.get_by_label('Tag', exact=True).fill(good)
    expect(picker.locator('label').filter(has_text='Running here')).to_contain_text(good)
    assert violations() == []


def test_why_tasks_fail_is_read_before_anybody_gives_up(
    page: Page, product: Process, violations: Callable[[], list[str]]
):
    # It has no circuit breaker: ECS goes on trying.
    address = '/clusters/production/services/report-worker'
    good = product.api('GET', address).json['image_tag']
    content = product.api('GET', f'{address}/tags?limit=100').json['content']
    bad = next(each['tag'] for each in content if is_broken(each['tag']))
    page.emulate_media(reduced_motion='reduce')
    page.goto('/cp/clusters/production/services/report-worker')
    product.api('PUT', address, {'image_tag': bad})
    try:
        drawer = page.get_by_role('complementary', name='Service report-worker')
        log = drawer.get_by_role('region', name='Last log lines')
        expect(log).to_contain_text('RuntimeError: this build is broken', timeout=LONG_MS)
        expect(drawer.get_by_role('region', name='Failure report')).to_have_count(0)
        # A long line scrolls by itself, and pushes nothing out of sight.
        assert drawer.get_by_role('tabpanel').evaluate('(panel) => panel.scrollWidth <= panel.clientWidth')
        expect(drawer.get_by_role('alert')).to_contain_text('still serves')
        assert violations() == []
    finally:
        product.api('PUT', address, {'image_tag': good})
    expect(log).to_have_count(0, timeout=LONG_MS)


def is_new(tag: str) -> bool:
    return re.fullmatch(r'v[\d.]+', tag) is not None


def is_broken(tag: str) -> bool:
    return 'broken' in tag


def test_a_version_is_found_and_chosen_by_keyboard(page: Page):
    page.goto('/cp/clusters/production/services/user-service')
    page.get_by_role('button', name='Deploy', exact=True).click()
    picker = page.get_by_role('dialog')
    expect(picker.get_by_text('newest first')).to_be_visible()
    expect(picker.locator('label').filter(has_text='Running in staging')).to_have_count(1)
    page.keyboard.type('v2.1')
    expect(picker.get_by_role('radio')).to_have_count(2)
    page.keyboard.press('ArrowDown')
    expect(picker.get_by_role('radio').first).to_be_checked()
    page.keyboard.press('Enter')
    expect(page.get_by_role('dialog').get_by_label('Reason')).to_be_focused()


def test_a_rollout_shows_what_its_new_tasks_write(page: Page, server: Server, violations: Callable[[], list[str]]):
    name = server.cluster({'services': [{'web': {'image': 'team/web:1', 'desired_count': 2}}]})
    run_everything(server, name)
    tasks = {'a' * 32: 'ecs-svc/1', 'b' * 32: 'ecs-svc/2'}
    listed = [{'id': id, 'deployment': deployment} for id, deployment in tasks.items()]

    def overhear(socket: WebSocketRoute) -> None:
        channel = socket.connect_to_server()

        def sent(text: str | bytes) -> None:
            if json.loads(text)['type'] != 'tail':
                channel.send(text)
                return
            for id, deployment in tasks.items():
                line = {'container': 'web', 'at': '2030-04-02T09:21:44Z', 'line': f'started in {deployment}'}
                socket.send(json.dumps({'type': 'log', 'cluster': name, 'service': 'web', 'task': id, **line}))

        socket.on_message(sent)

    page.route_web_socket(re.compile('/events'), overhear)
    page.route(
        re.compile(f'/api/v1/clusters/{name}/services/web$'),
        lambda route: route.fulfill(json={'deployment': 'ecs-svc/2', 'tasks': listed}),
    )
    page.route(re.compile('/services/web/logs'), lambda route: route.fulfill(json={'content': [], 'sources': []}))
    assert server.api('PUT', path('clusters', name, 'services', 'web'), {'image_tag': '2'}).status == 202
    page.emulate_media(reduced_motion='reduce')
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{name}/services/web')
    log = page.get_by_role('region', name='Log of new tasks')
    expect(log.get_by_text('started in ecs-svc/2', exact=True)).to_be_visible()
    expect(log.get_by_text('started in ecs-svc/1', exact=True)).to_have_count(0)
    assert violations() == []


def test_the_only_version_that_is_found_is_scrolled_by_keyboard_though_it_cannot_be_chosen(
    page: Page, product: Process, violations: Callable[[], list[str]]
):
    desired = product.api('GET', '/clusters/production/services/user-service').json['image_tag']
    page.goto('/cp/clusters/production/services/user-service')
    page.get_by_role('button', name='Deploy', exact=True).click()
    picker = page.get_by_role('dialog')
    expect(picker.get_by_text('newest first')).to_be_visible()
    page.get_by_label('Tag', exact=True).fill(desired)
    expect(picker.get_by_role('radio')).to_have_count(1)
    expect(picker.get_by_role('radio')).to_be_disabled()
    versions = picker.get_by_role('radiogroup', name='Versions, newest first')
    # As where it runs in a dozen clusters: the row is higher than the list.
    versions.evaluate('(list) => Object.assign(list.style, { flex: "none", minHeight: "0", height: "40px" })')
    assert versions.evaluate('(list) => list.scrollHeight > list.clientHeight')
    assert violations() == []
    page.keyboard.press('Tab')
    expect(versions).to_be_focused()
    # With other versions to choose from, one of them takes the focus.
    page.get_by_label('Tag', exact=True).fill('')
    expect(picker.get_by_role('radio').nth(1)).to_be_visible()
    expect(versions).not_to_have_attribute('tabindex', '0')
    assert violations() == []

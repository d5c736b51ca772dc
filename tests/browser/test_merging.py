"""Two people on two servers edit one cluster: no edit is lost, and both see what happened."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.aws import Aws
from tests.server import Server

IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/api:1'


class Replica(Server):
    learns = True


@pytest.fixture
def replicas(aws: Aws) -> Iterator[tuple[Server, Server]]:
    """Two servers on one bucket and one queue."""
    with Replica(aws) as first:
        places = {'AWS_S3_BUCKET': first.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': first.queue}
        with Replica(aws, **places) as second:
            yield first, second


@pytest.fixture
def cluster(replicas: tuple[Server, Server]) -> str:
    service = {'image': IMAGE, 'desired_count': 1, 'memory': 64, 'cpu': 32}
    filler = [{f'other-{n}': {**service, 'environment': [{'A': str(n)}]}} for n in range(8)]
    return replicas[0].cluster({'services': [{'api': service}, *filler, {'web': service}]})


def editing(page: Page, server: Server, cluster: str) -> Page:
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}/stackfile')
    expect(page.locator('.cm-content')).to_be_visible()
    expect(page.get_by_text('Live', exact=True)).to_be_visible()
    return page


@pytest.fixture
def anna(page: Page, replicas: tuple[Server, Server], cluster: str) -> Page:
    page.emulate_media(reduced_motion='reduce')
    return editing(page, replicas[0], cluster)


@pytest.fixture
def bert(browser: Browser, replicas: tuple[Server, Server], cluster: str) -> Iterator[Page]:
    context = browser.new_context()
    yield editing(context.new_page(), replicas[1], cluster)
    context.close()


def change(page: Page, nth: int, field: str, value: str) -> None:
    """Give a field another value where it stands for the nth time; -1 is the last, at the end of the text."""
    page.locator('.cm-content').click()
    page.keyboard.press('Control+End' if nth < 0 else 'Control+Home')
    # Of a long text the editor has the lines around those in sight.
    expect(page.locator('.cm-line').filter(has_text='web:' if nth < 0 else 'services:')).to_have_count(1)
    page.locator('.cm-line').filter(has_text=re.compile(rf'^\s*{field}: ')).nth(nth).click()
    page.keyboard.press('End')
    page.keyboard.press('Shift+Home')
    page.keyboard.insert_text(f'{field}: {value}')


def scrolled(page: Page) -> float:
    """How far the editor is scrolled, in pixels, once it has measured what it shows: it does so in the next frame."""
    page.evaluate('() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    return page.locator('.cm-scroller').evaluate('(element) => element.scrollTop')


def apply(page: Page, reason: str) -> None:
    page.get_by_role('button', name=re.compile('^Review')).click()
    page.get_by_label('Reason').fill(reason)
    button = page.get_by_role('button', name=re.compile('^Apply'))
    expect(button).not_to_have_attribute('aria-disabled', 'true')
    button.click()
    expect(page).to_have_url(re.compile('/rollout$'))


def services(server: Server, cluster: str) -> dict:
    return {name: each for entry in server.document(cluster)['services'] for name, each in entry.items()}


def test_changes_in_different_places_are_merged_with_the_cursor_where_it_was(
    anna: Page, bert: Page, replicas: tuple[Server, Server], cluster: str, violations: Callable[[], list[str]]
):
    change(anna, -1, 'cpu', '96')
    where = scrolled(anna)
    assert where > 0
    change(bert, 0, 'memory', '128')
    apply(bert, 'More room')
    expect(anna.get_by_text(f'changed {cluster} while you edited')).to_be_visible()
    expect(anna.get_by_text('“More room”').first).to_be_visible()
    expect(anna.locator('.cm-content')).to_contain_text('cpu: 96')
    anna.get_by_role('button', name='See both and merge').click()
    dialog = anna.get_by_role('dialog', name='Merge two versions')
    expect(dialog.get_by_text('No conflicts')).to_be_visible()
    assert violations() == []
    dialog.get_by_role('button', name='Merge').click()
    expect(dialog).to_have_count(0)
    assert scrolled(anna) == where
    anna.locator('.cm-content').focus()
    anna.keyboard.press('End')
    anna.keyboard.insert_text('0')
    expect(anna.locator('.cm-content')).to_contain_text('cpu: 960')
    apply(anna, 'More work')
    stored = services(replicas[1], cluster)
    assert (stored['api']['memory'], stored['web']['cpu']) == (128, 960)
    expect(bert.get_by_text('“More work”').first).to_be_visible()


def test_where_both_changed_the_same_a_person_chooses(
    anna: Page, bert: Page, replicas: tuple[Server, Server], cluster: str, violations: Callable[[], list[str]]
):
    change(anna, 0, 'memory', '256')
    change(anna, -1, 'cpu', '48')
    change(bert, 0, 'memory', '128')
    apply(bert, 'More room')
    anna.get_by_role('button', name='See both and merge').click()
    dialog = anna.get_by_role('dialog', name='Merge two versions')
    take = dialog.get_by_role('button', name=re.compile('^Merge'))
    expect(take).to_contain_text('1 conflict left')
    conflict = dialog.get_by_role('group', name='Both changed this')
    expect(conflict).to_contain_text('memory: 128')
    expect(conflict).to_contain_text('memory: 256')
    anna.emulate_media(color_scheme='dark', reduced_motion='reduce')
    assert violations() == []
    conflict.get_by_role('radio', name="'s version").check()
    take.click()
    anna.locator('.cm-content').press('Control+Home')
    expect(anna.locator('.cm-content')).to_contain_text('memory: 128')
    expect(anna.locator('.cm-content')).not_to_contain_text('memory: 256')
    anna.reload()
    expect(anna.get_by_text('Unsaved changes', exact=True)).to_be_visible()
    anna.locator('.cm-content').press('Control+End')
    expect(anna.locator('.cm-content')).to_contain_text('cpu: 48')


def test_who_has_not_begun_to_edit_sees_the_newer_text_at_once(
    anna: Page, bert: Page, replicas: tuple[Server, Server], cluster: str
):
    change(bert, 0, 'memory', '128')
    apply(bert, 'More room')
    expect(anna.locator('.cm-content')).to_contain_text('memory: 128')
    expect(anna.get_by_text('while you edited')).to_have_count(0)

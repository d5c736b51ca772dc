"""What no rule of axe sees: where the focus is, and what is left where the system chooses the colours."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.moving import config, run_everything
from tests.server import Server

# Whether any of the focused element lies under something else; and whether one sees that it has the focus.
OBSCURED = """() => {
  const { left, top, right, bottom } = document.activeElement.getBoundingClientRect();
  const seen = (x, y) => document.activeElement.contains(document.elementFromPoint(x, y));
  return !seen((left + right) / 2, top + 2) || !seen((left + right) / 2, bottom - 2);
}"""
OUTLINED = "() => getComputedStyle(document.activeElement).outlineStyle !== 'none'"


def opened(page: Page, server: Server) -> None:
    cluster = server.cluster(config(30))
    run_everything(server, cluster)
    page.goto(f'http://127.0.0.1:{server.port}/cp/clusters/{cluster}')
    expect(page.get_by_role('link', name='service-0029, open')).to_be_visible()


def test_the_focus_is_seen_and_never_under_anything(page: Page, server: Server):
    page.set_viewport_size({'width': 1024, 'height': 420})
    opened(page, server)
    # The bar at the bottom comes with the first chosen row.
    page.get_by_label('Select service-0000').check()
    expect(page.get_by_role('region', name='Selected services')).to_be_visible()
    page.get_by_label('Select service-0001').focus()
    for key in ['Tab'] * 24 + ['Shift+Tab'] * 24:
        page.keyboard.press(key)
        focused = page.evaluate('() => document.activeElement.outerHTML')
        assert page.evaluate(OUTLINED), focused
        assert not page.evaluate(OBSCURED), f'{key}: {focused}'


def test_a_selection_is_visible_without_our_colours(page: Page, server: Server):
    page.emulate_media(forced_colors='active')
    opened(page, server)
    look = '(chip) => ((s) => [s.outlineStyle, s.borderColor, s.backgroundColor].join())(getComputedStyle(chip))'
    page.evaluate('() => document.activeElement.blur()')
    pressed = page.get_by_role('button', name='All 30')
    other = page.get_by_role('link', name='Edit', exact=True)
    assert pressed.evaluate(look) != other.evaluate(look)
    tab = page.get_by_role('navigation').get_by_role('link', name='Services')
    line = tab.evaluate("(tab) => getComputedStyle(tab, '::after').backgroundColor")
    assert line != page.evaluate('() => getComputedStyle(document.body).backgroundColor')


DIALOGS = {
    'Scale': ('Scale', None),
    'Deploy': ('Deploy', None),
    'Freeze, from a menu': ('More actions', 'Freeze…'),
    'Deploy again, from a menu': ('More actions', 'Deploy again'),
    'Restart, from the menu of a service': ('Actions for service-0003', 'Restart'),
}


@pytest.mark.parametrize('name', DIALOGS)
def test_the_focus_returns_to_what_opened_a_dialog(page: Page, server: Server, name: str):
    opened(page, server)
    page.get_by_role('link', name='service-0003, open').click()
    # It takes the focus once it is painted.
    expect(page.get_by_role('complementary', name='Service service-0003')).to_be_focused()
    button, item = DIALOGS[name]
    opener = page.get_by_role('button', name=button, exact=True)
    opener.focus()
    page.keyboard.press('Enter')
    if item:
        page.get_by_role('menuitem', name=item).press('Enter')
    expect(page.get_by_role('dialog')).to_be_visible()
    page.keyboard.press('Escape')
    expect(page.get_by_role('dialog')).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_focus_returns_through_a_dialog_that_led_to_another(page: Page, server: Server):
    opened(page, server)
    opener = page.get_by_role('button', name='More actions')
    opener.focus()
    page.keyboard.press('Enter')
    page.get_by_role('menuitem', name='Freeze…').press('Enter')
    page.get_by_role('button', name='Next').press('Enter')
    expect(page.get_by_label('Reason')).to_be_focused()
    page.keyboard.press('Escape')
    expect(page.get_by_role('dialog')).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_focus_returns_from_the_palette(page: Page, server: Server):
    opened(page, server)
    link = page.get_by_role('link', name='service-0003, open')
    link.focus()
    page.keyboard.press('Control+k')
    expect(page.get_by_role('combobox')).to_be_focused()
    page.keyboard.press('Escape')
    expect(link).to_be_focused()


def test_without_its_opener_the_focus_goes_to_the_content(page: Page, server: Server):
    """The bar of a selection goes with the selection."""
    opened(page, server)
    page.get_by_label('Select service-0003').check()
    page.get_by_role('region', name='Selected services').get_by_role('button', name='Restart').click()
    page.get_by_label('Reason').fill('new certificate')
    confirm = page.get_by_role('dialog').get_by_role('button', name='Restart')
    expect(confirm).not_to_have_attribute('aria-disabled', 'true')
    confirm.click()
    expect(page.get_by_role('dialog')).to_have_count(0)
    expect(page.get_by_role('main')).to_be_focused()


def test_a_menu_over_the_drawer_has_its_keys_for_itself(page: Page, server: Server):
    opened(page, server)
    page.get_by_role('link', name='service-0003, open').click()
    drawer = page.get_by_role('complementary', name='Service service-0003')
    expect(drawer).to_be_focused()
    opener = drawer.get_by_role('button', name='Actions for service-0003')
    opener.focus()
    page.keyboard.press('Enter')
    menu = page.get_by_role('menu', name='Actions for service-0003')
    expect(menu.get_by_role('menuitem').first).to_be_focused()
    page.keyboard.press('t')
    page.keyboard.press(']')
    expect(menu).to_be_visible()
    page.keyboard.press('Escape')
    expect(menu).to_be_hidden()
    expect(opener).to_be_focused()
    expect(page).to_have_url(re.compile('/services/service-0003$'))
    page.keyboard.press('Escape')
    expect(drawer).to_have_count(0)
    expect(page.get_by_role('link', name='service-0003, open')).to_be_focused()

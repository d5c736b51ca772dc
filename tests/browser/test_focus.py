"""What no rule of axe sees: where the focus is, and what is left where the system chooses the colours."""

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
    page.get_by_label('Choose service-0000').check()
    page.get_by_label('Choose service-0001').focus()
    for key in ['Tab'] * 24 + ['Shift+Tab'] * 24:
        page.keyboard.press(key)
        focused = page.evaluate('() => document.activeElement.outerHTML')
        assert page.evaluate(OUTLINED), focused
        assert not page.evaluate(OBSCURED), f'{key}: {focused}'


def test_what_is_chosen_can_be_told_without_our_colours(page: Page, server: Server):
    page.emulate_media(forced_colors='active')
    opened(page, server)
    look = '(chip) => ((s) => [s.outlineStyle, s.borderColor, s.backgroundColor].join())(getComputedStyle(chip))'
    page.evaluate('() => document.activeElement.blur()')
    pressed = page.get_by_role('button', name='All 30')
    other = page.get_by_role('button', name='Edit')
    assert pressed.evaluate(look) != other.evaluate(look)
    tab = page.get_by_role('navigation').get_by_role('link', name='Services')
    line = tab.evaluate("(tab) => getComputedStyle(tab, '::after').backgroundColor")
    assert line != page.evaluate('() => getComputedStyle(document.body).backgroundColor')

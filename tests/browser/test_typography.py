"""Sizes of text, as the browser computes them."""

from playwright.sync_api import Page, expect

# The smallest size of any text that is in sight, and where it is.
SMALLEST = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let smallest = [Infinity, ''];
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || element.closest('.visually-hidden')) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < smallest[0]) smallest = [size, element.outerHTML.slice(0, 200)];
  }
  return smallest;
}"""
SIZE = '(element) => getComputedStyle(element).fontSize'


def test_text_has_the_sizes_that_the_tokens_state(page: Page):
    page.goto('/cp/clusters/staging/services/user-service')
    name = page.get_by_role('link', name='user-service, open')
    expect(name).to_be_visible()
    assert page.evaluate('() => getComputedStyle(document.documentElement).fontSize') == '16px'
    assert page.evaluate('() => getComputedStyle(document.body).fontSize') == '14px'
    assert name.evaluate(SIZE) == '16px'


def test_no_text_is_smaller_than_12_px(page: Page):
    for path in ('', '/clusters/staging', '/clusters/staging/history', '/clusters/staging/stackfile', '/new'):
        page.goto(f'/cp{path}')
        expect(page.get_by_text('Live', exact=True)).to_be_visible()
        expect(page.get_by_role('heading').first).to_be_visible()
        size, where = page.evaluate(SMALLEST)
        assert size >= 12, f'{path}: {size} px: {where}'

"""Pictures of the control plane for the README, taken from the running product: `python -m tests.screenshots`."""

import tempfile

from playwright.sync_api import Browser, expect, sync_playwright

from tests.chromium import launch_arguments
from tests.process import ROOT, Process

PICTURES = ROOT / 'docs' / 'pictures'
# Shown once the data of the clusters' page has arrived.
CLUSTER = 'production-eu'
# A width at which every column is shown, and at which the README's reader can still read the text.
WIDTH, HEIGHT = 1280, 800


def take(browser: Browser, origin: str, theme: str) -> None:
    """Save the page of all clusters in a theme, `light` or `dark`, once its data is shown."""
    page = browser.new_page(viewport={'width': WIDTH, 'height': HEIGHT}, color_scheme=theme, reduced_motion='reduce')
    page.goto(f'{origin}/cp')
    expect(page.get_by_text(CLUSTER, exact=True).first).to_be_visible(timeout=60_000)
    expect(page.get_by_text('Live', exact=True).first).to_be_visible(timeout=60_000)
    page.evaluate('document.fonts.ready')
    page.screenshot(path=PICTURES / f'fleet-{theme}.png')
    page.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        Process('serve', '--port=0', PROFILE='local', NYSA_SANDBOX_DIR=directory, NYSA_SANDBOX_FLEET='busy') as product,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(**launch_arguments())
        for theme in ('light', 'dark'):
            take(browser, f'http://127.0.0.1:{product.port}', theme)
        browser.close()


if __name__ == '__main__':
    main()

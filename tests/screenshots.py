"""Pictures of the control plane for the README, taken from the running product: `python -m tests.screenshots`."""

import tempfile

from playwright.sync_api import Browser, expect, sync_playwright

from tests.chromium import launch_arguments
from tests.process import ROOT, Process

PICTURES = ROOT / 'docs' / 'pictures'
CLUSTER, SERVICE = 'staging', 'user-service'
# The first rollouts end within half a minute, and the next one takes longer than the pictures.
SPEED = '10'
# A width at which every column is shown, and at which the README's reader can still read the text.
WIDTH, HEIGHT = 1280, 800


def take(browser: Browser, origin: str, theme: str) -> None:
    """Save the cluster's page in a theme, `light` or `dark`, once its services are shown."""
    page = browser.new_page(viewport={'width': WIDTH, 'height': HEIGHT}, color_scheme=theme, reduced_motion='reduce')
    page.goto(f'{origin}/cp/clusters/{CLUSTER}')
    expect(page.get_by_text(SERVICE, exact=True).first).to_be_visible(timeout=60_000)
    expect(page.get_by_text('Live', exact=True)).to_be_visible(timeout=60_000)
    page.evaluate('document.fonts.ready')
    page.screenshot(path=PICTURES / f'cluster-{theme}.png')
    page.close()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        Process('serve', '--port=0', PROFILE='local', NYSA_SANDBOX_DIR=directory, NYSA_SANDBOX_SPEED=SPEED) as product,
        sync_playwright() as playwright,
    ):
        settled = product.api('GET', f'/clusters/{CLUSTER}/rollout?wait=120')
        assert settled.status == 200, settled.body
        # One rollout in progress shows more of the page than a cluster at rest.
        service = f'/clusters/{CLUSTER}/services/{SERVICE}'
        names = [each['tag'] for each in product.api('GET', f'{service}/tags').json['content']]
        tag = next(name for name in names if name != 'latest' and '-' not in name)
        answer = product.api('PUT', f'{service}?message=Faster+sign-in', {'image_tag': tag})
        assert answer.status == 202, answer.body
        browser = playwright.chromium.launch(**launch_arguments())
        for theme in ('light', 'dark'):
            take(browser, f'http://127.0.0.1:{product.port}', theme)
        browser.close()


if __name__ == '__main__':
    main()

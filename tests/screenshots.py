"""Pictures of the control plane: the references of its screens, and those of the README and the docs.

`python -m tests.screenshots` takes them from the recording in tests/pictures; `--record` renews that before, from the
busy fleet of the sandbox. `--keep DIRECTORY` leaves the whole pictures there. A reference that still fits stays.
"""

import argparse
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.chromium import launch_arguments
from tests.pictures.comparing import SHARE, difference, keep, reduced, reference_of
from tests.pictures.recording import Recorder, Recording
from tests.pictures.screens import PRODUCTION, SCREENS, STAGING, WIDTHS, open_screen
from tests.pictures.taking import new_page, pictures, settle
from tests.process import ROOT, Process

PICTURES = ROOT / 'docs' / 'pictures'
# Of these screens the docs have pictures, in both themes.
SHOWN = ('fleet', 'incident', 'deploy')
# A width at which every column is shown, and at which a reader of the docs can still read the text.
WIDTH, HEIGHT = 1280, 800
# Of a picture in the docs: a third of the size.
COLOURS = 256


@contextmanager
def product() -> Iterator[str]:
    """The address of a sandbox with the busy fleet."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Process('serve', '--port=0', PROFILE='local', NYSA_SANDBOX_DIR=directory, NYSA_SANDBOX_FLEET='busy') as running,
    ):
        yield f'http://127.0.0.1:{running.port}'


def record(browser: Browser, origin: str) -> None:
    """Visit every screen while the services of the screens fail and roll out."""
    page = new_page(browser, 'light')
    page.goto(f'{origin}/cp')
    for state, cluster in (('failing', STAGING), ('rolling', PRODUCTION)):
        tile = page.locator(f'.tile[data-state={state}]').filter(has=page.locator(f'a[href$="{cluster}"]'))
        expect(tile.first).to_be_visible(timeout=120_000)
    expect(page.locator('.tile .sq[data-mark=unknown]')).to_have_count(0, timeout=120_000)
    recorder = Recorder(page)
    for screen in SCREENS:
        open_screen(page, origin, screen)
        # What is in sight at a width is read only there.
        for width, height in WIDTHS.items():
            page.set_viewport_size({'width': width, 'height': height})
            settle(page)
            recorder.wait()
            settle(page)
            recorder.wait()
    recorder.recording().save()
    page.close()


def take(page: Page, origin: str, keep_in: Path | None) -> None:
    for screen in SCREENS:
        open_screen(page, origin, screen)
        page.wait_for_load_state('networkidle')
        for name, picture in pictures(page, screen):
            image = reduced(picture)
            reference = reference_of(name)
            share = difference(image, Image.open(reference).convert('RGB')) if reference.exists() else 1.0
            if share > SHARE / 2:
                keep(image, name)
                print(f'{name}: {share:.1%} of it differed')
            if keep_in:
                (keep_in / f'{name}.png').write_bytes(picture)


def take_for_docs(browser: Browser, origin: str, recording: Recording) -> None:
    for theme in ('light', 'dark'):
        page = new_page(browser, theme)
        recording.replay(page)
        page.set_viewport_size({'width': WIDTH, 'height': HEIGHT})
        for screen in SCREENS:
            if screen.name in SHOWN:
                open_screen(page, origin, screen)
                page.wait_for_load_state('networkidle')
                settle(page)
                small = Image.open(io.BytesIO(page.screenshot())).convert('RGB').quantize(COLOURS)
                small.save(PICTURES / f'{screen.name}-{theme}.png', optimize=True)
        page.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog='python -m tests.screenshots', description=__doc__.partition('\n')[0])
    parser.add_argument('--record', action='store_true', help='renew the recording before')
    parser.add_argument('--keep', type=Path, metavar='DIRECTORY', help='keep the whole pictures there')
    options = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with product() as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_arguments())
        if options.record:
            record(browser, origin)
        recording = Recording.load()
        page = new_page(browser, 'light')
        missing = recording.replay(page)
        take(page, origin, options.keep)
        take_for_docs(browser, origin, recording)
        browser.close()
    if missing:
        print('The recording lacks these answers; renew it by --record:', *sorted(set(missing)), sep='\n  ')


if __name__ == '__main__':
    main()

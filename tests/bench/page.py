"""The control plane in Chromium: how soon it can be used, how soon it shows what happened, what that costs.

The server lists the bucket in the background, and has read back what it stored before a page of the whole fleet is
opened.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from stack.live.cluster import SECOND_S
from tests.aws import Aws
from tests.bench._aws import BenchAws
from tests.bench._own_time import own_times
from tests.chromium import launch_arguments
from tests.moving import config, move, run_everything
from tests.server import Server

PROBE = (Path(__file__).parent / 'probe.js').read_text()

FLEET = 300
ROWS_A_SECOND = 50
LOADS = 5
CHANGES = 20
LOAD_S = 10
HEAP_S = 60
SCROLLS = 20
# As many rows of the matrix as there are on every screen.
IN_SIGHT = 8

COSTS = {
    'TaskDuration': 'main thread',
    'ScriptDuration': '… of it script',
    'RecalcStyleDuration': '… of it style',
    'LayoutDuration': '… of it layout',
}


class Look:
    """A page of its own, with an empty cache, that was opened at an address and can be used."""

    def __init__(
        self,
        browser: Browser,
        server: Server,
        address: str,
        rows: int,
        slower: int = 1,
        *,
        port: int | None = None,
        selector: str = 'main [data-row]',
    ):
        """
        So many `rows`, found by `selector`, make the page usable; the processor is so many times `slower`; `port`: of a
        link to the server.
        """
        self.browser = browser
        self._context = browser.new_context(viewport={'width': 1440, 'height': 900})
        self.page: Page = self._context.new_page()
        self.page.add_init_script(f'window.usable = {json.dumps([selector, rows])};{PROBE}')
        self.cdp: CDPSession = self._context.new_cdp_session(self.page)
        # By the processor's time of the page: by the clock, a busy machine makes every page slow.
        self.cdp.send('Performance.enable', {'timeDomain': 'threadTicks'})
        self.cdp.send('Emulation.setCPUThrottlingRate', {'rate': slower})
        # A script that asks again and again would cost the page as much as its own first rows.
        with self.page.expect_console_message(lambda message: message.text == 'probe: ready'):
            self.page.goto(f'http://127.0.0.1:{port or server.port}{address}')
        self.work_ms = self.metric('TaskDuration') * 1000
        self.ready_ms: float = self.page.evaluate('probe.ready')

    def __enter__(self) -> 'Look':
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def metric(self, name: str) -> float:
        found = self.cdp.send('Performance.getMetrics')['metrics']
        return next(each['value'] for each in found if each['name'] == name)

    def heap_mb(self) -> float:
        """What is in use after everything that can be freed was."""
        for _ in range(3):
            self.cdp.send('HeapProfiler.collectGarbage')
        return self.metric('JSHeapUsedSize') / 1e6

    def take(self, what: str) -> list[float]:
        """What the probe noted since it was last asked."""
        return self.page.evaluate('(what) => probe[what].splice(0)', what)


def line(what: str, measured: float, goal: str = '', unit: str = 'ms') -> None:
    shown = f'{measured:.0f}' if measured >= 10 or measured == int(measured) else f'{measured:.1f}'
    print(f'{what:64}{shown:>8} {unit:6}{f"goal {goal}" if goal else ""}'.rstrip(), flush=True)


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)] if times else float('nan')


def navigate(browser: Browser, server: Server, address: str, rows: int, what: str, **how: str) -> None:
    for slower, goal in ((1, '1000'), (4, '2000')):
        times, work = [], []
        for _ in range(LOADS):
            with Look(browser, server, address, rows, slower, **how) as look:
                times.append(look.ready_ms)
                work.append(look.work_ms)
        line(f'navigate to {what} that can be used, {slower}× slower CPU', statistics.median(times), goal)
        line("… of it the main thread's own time", statistics.median(work))


def change_to_pixel(look: Look, server: Server, cluster: str) -> None:
    """A change through the API until it is seen in its row."""
    times = []
    for n in range(CHANGES):
        service, count = f'service-{n:04}', 11 + n
        look.page.evaluate('([row, text]) => void (window.seen = probe.when(row, text))', [service, f'/ {count}'])
        asked = time.time()
        server.api('PUT', f'/clusters/{cluster}/services/{service}?message=bench', {'desired_count': count})
        times.append(look.page.evaluate('() => window.seen') - asked * 1000)
    line('change through the API → painted, median', statistics.median(times))
    line('change through the API → painted, p95', p95(times))


def under_load(look: Look, server: Server, clusters: list[str], what: str) -> None:
    look.take('painted'), look.take('long')
    before = {name: look.metric(name) for name in COSTS}
    with own_times(look.browser, look.page) as own:
        move(server, clusters, ROWS_A_SECOND, LOAD_S)
        look.page.wait_for_timeout(200)
    painted, long = look.take('painted'), look.take('long')
    spent = {name: (look.metric(name) - before[name]) * 1000 / LOAD_S for name in COSTS}
    line(f'{what}: message → painted, p95 of {len(painted)}', p95(painted), '100')
    line(f'{what}: tasks over 50 ms in {LOAD_S} s', len(long), '0', '')
    if long:
        line(f'{what}: the longest task', max(long))
    longest_of_its_own(what, own)
    for name, words in COSTS.items():
        line(f'{what}: {words}', spent[name], unit='ms/s')


def longest_of_its_own(what: str, own: list[float]) -> None:
    line(f"{what}: the longest task's own time", max(own), '50')


def filter_strokes(look: Look, label: str) -> None:
    look.page.get_by_label(label).click()
    look.take('keys')
    with own_times(look.browser, look.page) as own:
        for key in [*'service-09', *['Backspace'] * len('service-09')]:
            look.page.keyboard.press(key)
            look.page.wait_for_timeout(100)
    keys = look.take('keys')
    line(f'{label}: key stroke → painted, median of {len(keys)}', statistics.median(keys))
    line(f'{label}: key stroke → painted, slowest', max(keys), '50')
    longest_of_its_own(label, own)


def scroll(look: Look, what: str) -> None:
    with own_times(look.browser, look.page) as own:
        for across, down in [(0, 600)] * SCROLLS + [(600, 0)] * SCROLLS:
            look.page.mouse.wheel(across, down)
            look.page.wait_for_timeout(50)
    longest_of_its_own(f'{what}, scrolled', own)


def versions(browser: Browser, server: Server, fleet: list[str]) -> None:
    matrix = {'selector': 'main .matrixrow'}
    navigate(browser, server, '/cp/versions', IN_SIGHT, f'the versions of 1,000 services in {FLEET} clusters', **matrix)
    with Look(browser, server, '/cp/versions', IN_SIGHT, **matrix) as look:
        under_load(look, server, fleet, 'the versions')
        look.page.mouse.move(700, 500)
        scroll(look, 'the versions')
        filter_strokes(look, 'Filter services')


def heap(look: Look, server: Server, cluster: str) -> None:
    move(server, [cluster], ROWS_A_SECOND, LOAD_S)
    samples = []
    for quarter in range(4):
        samples.append((quarter * HEAP_S / 4, look.heap_mb()))
        move(server, [cluster], ROWS_A_SECOND, HEAP_S / 4)
    samples.append((HEAP_S, look.heap_mb()))
    slope = statistics.linear_regression([at for at, _ in samples], [mb for _, mb in samples]).slope
    line('heap, 200 rows', samples[0][1], unit='MB')
    line(f'heap after an hour at {ROWS_A_SECOND} rows a second', samples[0][1] + max(0.0, slope) * 3600, '40', 'MB')


async def read_back(server: Server) -> None:
    """Have the server compare every cluster that was just stored, as it does once after the second of its date.

    The first pages would measure these calls.
    """
    await server.context.live.feed.poll()
    await asyncio.sleep(SECOND_S)  # S3 dates to the second
    await server.context.live.feed.poll()


class ListingServer(Server):
    learns = True


@contextmanager
def started(aws: Aws | None = None) -> Iterator[tuple[Server, Browser]]:
    """A server and a browser; without `aws` over one that takes none of the processor of the two."""
    with ExitStack() as running:
        playwright = running.enter_context(sync_playwright())
        server = running.enter_context(ListingServer(aws or running.enter_context(BenchAws())))
        browser = playwright.chromium.launch(**launch_arguments(prefer_whole=True))
        yield server, browser
        browser.close()


def main() -> None:
    with started() as (server, browser):
        small, large = server.cluster(config(200)), server.cluster(config(1000))
        for cluster in (small, large):
            run_everything(server, cluster)
        navigate(browser, server, f'/cp/clusters/{small}', 200, '200 rows')
        navigate(browser, server, f'/cp/clusters/{large}', 1000, '1,000 rows')
        with Look(browser, server, f'/cp/clusters/{small}', 200) as look:
            change_to_pixel(look, server, small)
            heap(look, server, small)
        with Look(browser, server, f'/cp/clusters/{large}', 1000) as look:
            under_load(look, server, [large], '1,000 services')
            filter_strokes(look, 'Filter services')
        with Look(browser, server, f'/cp/clusters/{large}?sort=status', 1000) as look:
            under_load(look, server, [large], '1,000 by status')
        fleet = [server.cluster(config(10)) for _ in range(FLEET)]
        for cluster in fleet:
            run_everything(server, cluster)
        server.run(read_back(server))
        navigate(browser, server, '/cp', FLEET + 2, f'{FLEET} clusters')
        with Look(browser, server, '/cp', FLEET + 2) as look:
            under_load(look, server, fleet, f'{FLEET} clusters')
            filter_strokes(look, 'Filter clusters')
        versions(browser, server, fleet)


if __name__ == '__main__':
    main()

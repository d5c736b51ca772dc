"""The first look at a fleet over slow 3G, in a real Chromium: bytes, and the time until it can be used.

63 clusters of 10 services. 50 kB/s and 400 ms are those of Chromium's own "Slow 3G"; the cache is empty.
"""

from playwright.sync_api import Browser

from tests.bench.page import Look, line, started
from tests.moving import config, run_everything
from tests.server import Server

CLUSTERS, SERVICES = 63, 10
SLOW_3G = {'offline': False, 'latency': 400, 'downloadThroughput': 50_000, 'uploadThroughput': 50_000}


def first_look(browser: Browser, server: Server, slower: int) -> None:
    with Look(browser, server, '/cp', CLUSTERS, slower, network=SLOW_3G) as look:
        line(f'fleet of {CLUSTERS} × {SERVICES} over slow 3G, {slower}× slower CPU', look.ready_ms, '5000')
        sizes = look.page.evaluate(
            "() => performance.getEntriesByType('resource').map((each) => [each.initiatorType, each.transferSize])"
        )
        line('… HTTP, all files and calls until then', sum(size for _, size in sizes) / 1000, '', 'kB')


def main() -> None:
    with started() as (server, browser):
        for _ in range(CLUSTERS):
            run_everything(server, server.cluster(config(SERVICES)))
        first_look(browser, server, 1)
        first_look(browser, server, 4)


if __name__ == '__main__':
    main()

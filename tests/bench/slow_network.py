"""The first look at a fleet over slow 3G, in a real Chromium: bytes, and the time until it can be used.

63 clusters of 10 services, 50 kB and 400 ms a round trip as in Chromium's own "Slow 3G", and an empty cache.
"""

from playwright.sync_api import Browser

from tests.bench._slow_link import SlowLink
from tests.bench.page import Look, line, started
from tests.moving import config, run_everything
from tests.server import Server

CLUSTERS, SERVICES = 63, 10
RATE, LATENCY = 50_000, 0.4


def first_look(browser: Browser, server: Server, slower: int) -> None:
    with (
        SlowLink(server.port, RATE, LATENCY) as link,
        Look(browser, server, '/cp', CLUSTERS, slower, port=link.port) as look,
    ):
        line(f'fleet of {CLUSTERS} × {SERVICES} over slow 3G, {slower}× slower CPU', look.ready_ms, '5000')
        line('… received until then', link.received / 1000, unit='kB')


def main() -> None:
    with started() as (server, browser):
        for _ in range(CLUSTERS):
            run_everything(server, server.cluster(config(SERVICES)))
        first_look(browser, server, 1)
        first_look(browser, server, 4)


if __name__ == '__main__':
    main()

"""The log of a service while 200 lines a second arrive, in a real Chromium: long tasks, and the memory of the page.

The lines arrive as messages of the live channel, ten batches a second, as the server sends them.
"""

from stack.sandbox.server import EmbeddedAws
from tests.aws import Aws
from tests.bench._own_time import own_times
from tests.bench.page import Look, line, longest_of_its_own, started
from tests.moving import config, run_everything

LINES_A_SECOND, BATCHES_A_SECOND, SECONDS = 200, 10, 20
NO_LINES = {'content': [], 'cursor': None, 'sources': []}

STREAM = """async ([lines, batches, seconds]) => {
  for (let batch = 0, number = 0; batch < seconds * batches; batch++) {
    for (let i = 0; i < lines / batches; i++, number++) {
      probe.hear({
        type: 'log',
        at: new Date().toISOString(),
        task: '8e06b4881f2c',
        container: 'web',
        line: `{"level":"${number % 40 ? 'info' : 'error'}","path":"/v1/orders/${number}","status":200}`,
      });
    }
    await new Promise((resume) => setTimeout(resume, 1000 / batches));
  }
}"""


def main() -> None:
    with EmbeddedAws.start() as embedded, started(Aws(embedded)) as (server, browser):
        cluster = server.cluster(config(300))
        run_everything(server, cluster)
        with Look(browser, server, f'/cp/clusters/{cluster}', 300) as look:
            look.page.route('**/logs?*', lambda route: route.fulfill(json=NO_LINES))
            look.page.get_by_role('link', name='service-0000, open').click()
            look.page.get_by_role('tab', name='Logs').click()
            look.page.get_by_text('Following').wait_for()
            look.take('long')
            with own_times(browser, look.page) as own:
                look.page.evaluate(STREAM, [LINES_A_SECOND, BATCHES_A_SECOND, SECONDS])
            long, shown = look.take('long'), look.page.locator('.lines .line').count()
            line(f'{LINES_A_SECOND} lines a second for {SECONDS} s: tasks over 50 ms', len(long), '0', '')
            line('… the longest task', max(long, default=0))
            longest_of_its_own('… logs', own)
            line('… lines that are kept', shown, unit='')
            line('… heap', look.heap_mb(), '40', 'MB')


if __name__ == '__main__':
    main()

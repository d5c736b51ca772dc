"""How long the server takes to start in a real profile; 1.5 s is the limit."""

import statistics

from stack.sandbox.server import EmbeddedAws
from tests.aws import Aws
from tests.starts import timed_start

RUNS = 7


def main() -> None:
    with EmbeddedAws.start() as embedded:
        aws = Aws(embedded)
        aws.secret('bench', {'AWS_S3_BUCKET': aws.bucket(), 'AWS_SQS_NOTIFICATION_QUEUE': aws.queue()})
        variables = {'PROFILE': 'bench', 'NYSA_AUTH': 'off', **aws.environment()}
        starts = [timed_start(**variables) for _ in range(RUNS)]
    print(f'{"":24} {"median":>8} {"fastest":>8} {"slowest":>8}')
    for what, times in (
        ('listening, s', [start.seconds for start in starts]),
        ('CPU until the end, s', [start.cpu_seconds for start in starts]),
    ):
        print(f'{what:24} {statistics.median(times):8.2f} {min(times):8.2f} {max(times):8.2f}')


if __name__ == '__main__':
    main()

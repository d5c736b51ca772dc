"""A client that is cut off a thousand times, while two replicas are restarted or killed and 500 changes are made.

Its messages are checked when they arrive: each revision in order, once or named as covered.
"""

import itertools
import signal
import sys
import time

import boto3

from tests.bench._aws import BUCKET, KEYS, BenchAws
from tests.bench._server import Measured, nysa
from tests.endurance import CONFIG, Trial

CUTS, CHANGES, RESTARTS = 1_000, 500, 60
CLUSTER = 'prod'


class Processes(Trial):
    """As `Trial`, with replicas that are processes; every other one that goes is killed without a word."""

    kills = 0

    def use(self, aws: BenchAws) -> None:
        self.aws = aws
        self._ends = itertools.cycle((signal.SIGTERM, signal.SIGKILL))

    def start(self) -> Measured:
        return nysa(self.aws).__enter__()

    def stop(self, replica: Measured) -> None:
        end = next(self._ends)
        self.kills += end == signal.SIGKILL
        replica.process.send_signal(end)
        replica.__exit__()

    def create(self) -> str:
        self.aws.fill({CLUSTER: CONFIG})
        return CLUSTER

    def history(self) -> list[str]:
        s3 = boto3.client('s3', endpoint_url=self.aws.endpoint, **KEYS)
        listed = s3.get_paginator('list_object_versions').paginate(Bucket=BUCKET, Prefix=CLUSTER)
        return [each['VersionId'] for page in listed for each in page.get('Versions', ())][::-1]


def main(scale: float = 1.0) -> None:
    started = time.monotonic()
    with BenchAws() as aws:
        trial = Processes(aws, int(CHANGES * scale), int(CUTS * scale), int(RESTARTS * scale))
        asked, restarts = (trial.cuts, trial.changes), trial.restarts
        record = trial.run()
        stored = len(trial.history())
    covered = len(set(record.covered))
    print(f'{asked[0]:,} cuts, {asked[1]} changes asked for, {stored - 1} revisions stored after the first')
    print(f'replicas stopped: up to {restarts}, of which killed: {trial.kills}')
    print(f'seen one by one: {len(record.seen)}; stretches named as covered: {covered}')
    print(f"no gap, no repetition, the final state is the server's: {time.monotonic() - started:.0f} s")


if __name__ == '__main__':
    main(float(sys.argv[1]) if sys.argv[1:] else 1.0)

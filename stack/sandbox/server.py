"""The embedded AWS: moto and our ECS behind one endpoint on loopback, in this process."""

import json
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import boto3
from botocore.config import Config

from stack.configuration.accounts import HOME
from stack.sandbox import moto_backends, moto_cloudwatch, moto_logs, moto_patches, moto_scheduler
from stack.sandbox.application import AwsApplication, Own
from stack.sandbox.calls import REGION, Call
from stack.sandbox.ecs import Clock, Ecs, ManualClock, RealClock, Ticker
from stack.sandbox.ecs.facts import ServiceFacts
from stack.sandbox.faults import Faults
from stack.sandbox.http_server import Answer, HttpServer
from stack.sandbox.local_ecs import LocalEcs
from stack.sandbox.persistence import Found, Keeper
from stack.sandbox.serial import LOCK

ACCOUNT = '123456789012'


class SeededFleet(Enum):
    """What a fresh embedded AWS holds: nothing, two clusters that are not running yet, or a busy fleet."""

    NOTHING = 'nothing'
    SMALL = 'small'
    BUSY = 'busy'


# Fills a fresh embedded AWS.
Seed = Callable[['EmbeddedAws'], None]


class EmbeddedAws:
    """An AWS of one account, reached over HTTP at `endpoint`, until `stop()`."""

    region = REGION
    credentials: ClassVar[dict[str, str]] = {'aws_access_key_id': 'sandbox', 'aws_secret_access_key': 'sandbox'}
    _running: ClassVar[set[str]] = set()

    def __init__(self, account: str, clock: Clock, limits: bool):
        """Use `start`."""
        # Not before moto is patched: what this imports of moto is slow to import otherwise.
        from stack.sandbox import moto_autoscaling
        from stack.sandbox.ecs.moto_ports import ports
        from stack.sandbox.event_bus import EventBus
        from stack.sandbox.schedules import Schedules

        self.account = account
        self.faults = Faults()
        self.clock = clock
        self._event_bus = EventBus(account, self.faults)
        self.ecs = Ecs(clock, ports, limits=limits, on_event=self._event_bus.put)
        self.autoscaler = moto_autoscaling.autoscaler(account, self.ecs, clock)
        own: dict[str, Own] = {'ecs': self._ask_ecs, 'application-autoscaling': self._ask_autoscaler}
        self.application = AwsApplication(account, self.faults, own)
        self._schedules = Schedules(
            account, lambda operation, body, region: self.ecs.handle(operation, body, region, account)
        )
        self._directory: Path | None = None
        self._keeper: Keeper | None = None
        self._session = boto3.Session(region_name=self.region, **self.credentials)
        self._clients: dict[tuple[str, str], Any] = {}
        self._making_clients = threading.Lock()
        self._closing = ExitStack()

    @classmethod
    def start(
        cls,
        directory: Path | str | None = None,
        port: int = 0,
        *,
        speed: float = 1.0,
        clock: Clock | None = None,
        fleet: SeededFleet = SeededFleet.SMALL,
        seed: Seed | None = None,
        limits: bool = False,
        account: str = ACCOUNT,
    ) -> Self:
        """Starts one that keeps its state in `directory`, or nowhere.

        `port` 0 takes a free one. ECS runs at `speed` times AWS's speed, or by `clock`; a ManualClock moves only
        by `advance`. A fresh one holds `fleet`, or what `seed` puts there. With `limits`, ECS refuses calls beyond
        AWS's published rates.

        Several may run in one process, each with an account of its own: moto has no other way to separate them.
        Raises RuntimeError where one with this account runs already, `persistence.DirectoryInUse` where another
        process keeps its state in the directory, OSError where the port is in use or the directory cannot be written.
        """
        if account in cls._running:
            raise RuntimeError(f'an embedded AWS with account {account} runs in this process already')
        moto_patches.install()
        aws = cls(account, clock or RealClock(speed), limits)
        try:
            aws._open(Path(directory) if directory else None, port, seed or _SEEDS[fleet])
        except BaseException:
            aws._closing.close()
            raise
        return aws

    def _open(self, directory: Path | None, port: int, seed: Seed) -> None:
        self._running.add(self.account)
        self._closing.callback(self._forget)
        moto_cloudwatch.connect(self.account, moto_cloudwatch.Fleet(self._services, self.clock.now))
        moto_logs.connect(self.account, self.clock.now)
        moto_scheduler.connect(self.account, self.clock.now)
        found, keeper = Found.NOTHING, None
        if directory:
            keeper = Keeper(directory, self.account, self.ecs, self.application.take_touched)
            self._closing.callback(keeper.stop)
            found = keeper.restore()
            self._directory = directory.resolve()
            self._keeper = keeper
        self._server = HttpServer(self.application, port)
        self._closing.callback(self._server.stop)
        if found is not Found.EVERYTHING:
            seed(self)
        if keeper:
            # Not sooner: what is seeded is not called for, and the first look alone takes everything for new.
            keeper.start()
        if not isinstance(self.clock, ManualClock):
            ticker = Ticker(self.advance)
            ticker.start()
            self._closing.callback(ticker.stop)

    def stop(self) -> None:
        """Closes the endpoint, keeps what is new in the directory, and forgets what is in memory."""
        for client in self._clients.values():
            client.close()
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def endpoint(self) -> str:
        return f'http://127.0.0.1:{self._server.port}'

    def environment(self) -> dict[str, str]:
        """The variables that point boto3, the aws CLI and every other AWS client here."""
        return {
            'AWS_ENDPOINT_URL': self.endpoint,
            'AWS_ACCESS_KEY_ID': self.credentials['aws_access_key_id'],
            'AWS_SECRET_ACCESS_KEY': self.credentials['aws_secret_access_key'],
            'AWS_DEFAULT_REGION': self.region,
        }

    def troubles(self) -> dict[str, str]:
        """What is not persisted now: subject → message."""
        return self._keeper.troubles() if self._keeper else {}

    def banner(self) -> list[str]:
        """The lines to print at the start: endpoint, state directory, and an example call."""
        kept = f'its state is kept in {self._directory}' if self._directory else 'its state is kept nowhere'
        settings = ' '.join(f'{name}={value}' for name, value in self.environment().items())
        return [f'An embedded AWS answers at {self.endpoint}; {kept}.', f'Try: {settings} aws ecs list-clusters']

    def client(self, service: str, **config: Any) -> Any:
        """boto3's client of a service, made once for each `config`, which is botocore's."""
        key = (service, repr(sorted(config.items())))
        with self._making_clients:
            if key not in self._clients:
                settings = Config(connect_timeout=30, read_timeout=30, **config)
                self._clients[key] = self._session.client(service, endpoint_url=self.endpoint, config=settings)
            return self._clients[key]

    def register_instances(self, cluster: str, count: int) -> None:
        """Adds container instances to an ECS cluster, as machines do that boot with ECS's agent."""
        with LOCK:
            for _ in range(count):
                self.ecs.register_container_instance(cluster, region=self.region, account=self.account)

    def trust(self, other: 'EmbeddedAws', role: str = 'nysa', external_id: str = '') -> str:
        """Let callers of this account assume a role of another embedded AWS by this endpoint; gives its ARN."""
        arn = f'arn:aws:iam::{other.account}:role/{role}'
        self.application.trust(arn, other.application, external_id)
        return arn

    def send_events_to(self, other: 'EmbeddedAws') -> None:
        """Put the events of this account's ECS into the queue of another one."""
        self._event_bus.target = other.account

    def advance(self, seconds: float = 0.0) -> None:
        """Turns a ManualClock, and has ECS, the autoscaler and the schedules do all that is due by then."""
        with LOCK:
            until = self.clock.now() + seconds
            while isinstance(self.clock, ManualClock) and (now := self.clock.now()) < until:
                # Metrics are read minute by minute.
                due = until if self.autoscaler.is_idle else min(until, now + 60.0)
                scheduled = self._schedules.next_due()
                self.clock.advance((due if scheduled is None else max(now, min(due, scheduled))) - now)
                self._do_what_is_due()
            self._do_what_is_due()

    def _do_what_is_due(self) -> None:
        self.ecs.advance()
        self.autoscaler.advance()
        self._schedules.advance(self.clock.now())

    def _ask_ecs(self, call: Call, body: bytes) -> Answer:
        try:
            wanted = json.loads(body or b'{}')
        except ValueError:
            wanted = None
        status, answer = self.ecs.respond(call.operation, wanted, call.region, self.account)
        return Answer(status, (('Content-Type', 'application/x-amz-json-1.1'),), answer)

    def _ask_autoscaler(self, call: Call, body: bytes) -> Answer:
        from stack.sandbox.moto_autoscaling import answer

        return answer(self.autoscaler, call, body)

    def _services(self, region: str) -> list[ServiceFacts]:
        return self.ecs.services(region, self.account)

    def _forget(self) -> None:
        with LOCK:
            moto_backends.forget(self.account)
        self._running.discard(self.account)
        moto_cloudwatch.disconnect(self.account)
        moto_logs.disconnect(self.account)
        moto_scheduler.disconnect(self.account)


def _nothing(_: EmbeddedAws) -> None:
    """Leave it empty."""


def _small(aws: EmbeddedAws) -> None:
    from stack.sandbox.seed import place_of, seed, small_fleet

    place, now = place_of(aws.account, aws.region), datetime.now(UTC)
    local = LocalEcs(aws.ecs, aws.account, aws.region)
    with LOCK:
        seed(place, small_fleet(place, now), local.create_cluster, local.ask, now)


def _busy(aws: EmbeddedAws) -> None:
    from stack.sandbox.fleet.busy import BusyFleet
    from stack.sandbox.seed import place_of

    BusyFleet({HOME: place_of(aws.account, aws.region)}, aws.clock.now()).put_home(aws.ecs, aws.client)


_SEEDS: dict[SeededFleet, Seed] = {SeededFleet.NOTHING: _nothing, SeededFleet.SMALL: _small, SeededFleet.BUSY: _busy}

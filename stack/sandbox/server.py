"""The embedded AWS: moto and an ECS of our own behind one endpoint on loopback, in this process."""

import logging
import threading
from types import TracebackType
from typing import Any, ClassVar, Self

import boto3
import moto.backends
from botocore.config import Config
from moto.core.base_backend import BackendDict

from stack.sandbox import moto_patches
from stack.sandbox.application import AwsApplication
from stack.sandbox.calls import REGION
from stack.sandbox.faults import Faults
from stack.sandbox.http_server import HttpServer
from stack.sandbox.serial import LOCK

log = logging.getLogger(__name__)

ACCOUNT = '123456789012'


class EmbeddedAws:
    """An AWS of one account, reached over HTTP at `endpoint`, until `stop()`."""

    region = REGION
    credentials: ClassVar[dict[str, str]] = {'aws_access_key_id': 'sandbox', 'aws_secret_access_key': 'sandbox'}
    _running: ClassVar[set[str]] = set()

    def __init__(self, account: str, port: int):
        self.account = account
        self.faults = Faults()
        self.application = AwsApplication(account, self.faults, {})
        self._server = HttpServer(self.application, port)
        self._session = boto3.Session(region_name=self.region, **self.credentials)
        self._clients: dict[tuple[str, str], Any] = {}
        self._making_clients = threading.Lock()

    @classmethod
    def start(cls, port: int = 0, *, account: str = ACCOUNT) -> Self:
        """Starts one. `port` 0 takes a free one.

        Several may run in one process, each with an account of its own: moto tells them apart by nothing else.
        Raises RuntimeError where one with this account runs already, OSError where the port is taken.
        """
        if account in cls._running:
            raise RuntimeError(f'an embedded AWS with account {account} runs in this process already')
        moto_patches.install()
        aws = cls(account, port)
        cls._running.add(account)
        return aws

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

    def client(self, service: str, **config: Any) -> Any:
        """boto3's client of a service, made once for each `config`, which is botocore's."""
        key = (service, repr(sorted(config.items())))
        with self._making_clients:
            if key not in self._clients:
                settings = Config(connect_timeout=5, read_timeout=30, **config)
                self._clients[key] = self._session.client(service, endpoint_url=self.endpoint, config=settings)
            return self._clients[key]

    def register_instances(self, cluster: str, count: int) -> None:
        """Adds container instances to an ECS cluster, as machines do that boot with ECS's agent."""
        machines = self.client('ec2').run_instances(ImageId='ami-12c6146b', MinCount=count, MaxCount=count)
        with LOCK:
            backend = moto.backends.get_backend('ecs')[self.account][self.region]
            for machine in machines['Instances']:
                backend.register_container_instance(cluster, machine['InstanceId'])

    def stop(self) -> None:
        """Closes the endpoint and forgets what is in memory."""
        for client in self._clients.values():
            client.close()
        self._server.stop()
        with LOCK:
            forget(self.account)
        self._running.discard(self.account)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def forget(account: str) -> None:
    """Drops everything that moto holds of an account; LOCK is held."""
    for service in list(BackendDict._instances):
        if account in service.keys():  # noqa: SIM118 - `in` asks its class, which makes what it does not find
            service[account].reset()
            del service[account]

"""The busy fleet's services in ECS, created by Nysa's own reconciler, so that a first pass changes nothing."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from stack.aws.client import AwsClient
from stack.aws.errors import translate
from stack.aws.inventory import Inventory
from stack.aws.limitations import Limitations
from stack.sandbox.autoscaling.autoscaler import Autoscaler
from stack.sandbox.ecs import Ecs, ManualClock
from stack.sandbox.serial import LOCK
from stack.scheduler.reconciler import Reconciler, Request

# Long enough for every service to become steady, load balancers' health checks included.
_SETTLES_SECONDS = 900.0

MakeClient = Callable[[str], Any]


class LocalClient(AwsClient):
    """AWS within this process: ECS and its autoscaler by direct calls, other services through their clients."""

    def __init__(self, ecs: Ecs, scaling: Autoscaler, account: str, region: str, make_client: MakeClient):
        self._ecs = ecs
        self._scaling = scaling
        self._account = account
        self._region = region
        self._make_client = make_client
        self._limitations = Limitations()

    @property
    def region(self) -> str:
        return self._region

    @property
    def limitations(self) -> Limitations:
        return self._limitations

    async def call(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> Any:
        if service == 'application-autoscaling':
            with LOCK:
                status, answer = self._scaling.handle(operation, arguments, region or self._region)
        elif service != 'ecs':
            try:
                return getattr(self._make_client(service), xform_name(operation))(**arguments)
            except ClientError as error:
                raise translate(error, f'{service}:{operation}') from error
        else:
            status, answer = self._ecs.handle(operation, arguments, region or self._region, self._account)
        if status != 200:
            refusal = {'Error': {'Code': answer['__type'], 'Message': answer['message']}}
            raise translate(ClientError(refusal, operation), f'{service}:{operation}')
        return answer

    def answer_pauses(self, clusters: Iterable[str]) -> None:
        """Continue each first deployment that a hook pauses; LOCK is held."""
        for cluster in clusters:
            for service in self._ask('ListServices', cluster=cluster, maxResults=100)['serviceArns']:
                listed = self._ask('ListServiceDeployments', cluster=cluster, service=service)['serviceDeployments']
                arns = [deployment['serviceDeploymentArn'] for deployment in listed]
                for found in self._ask('DescribeServiceDeployments', serviceDeploymentArns=arns)['serviceDeployments']:
                    for hook in found.get('lifecycleHookDetails', []):
                        arn = found['serviceDeploymentArn']
                        self._ask('ContinueServiceDeployment', serviceDeploymentArn=arn, hookId=hook['hookId'])

    def _ask(self, operation: str, **arguments: Any) -> Any:
        return self._ecs.handle(operation, arguments, self._region, self._account)[1]


def start_services(client: LocalClient, clock: ManualClock, documents: Mapping[str, tuple[str, bytes]]) -> None:
    """Create what each cluster's document wants, and let it become steady. By cluster: the revision and its document.

    Raises RuntimeError if a step fails.
    """
    # In a thread of its own: the server starts the embedded AWS from within an event loop.
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, _apply_all(client, clock, documents)).result()
    clock.advance(_SETTLES_SECONDS)
    with LOCK:
        client.answer_pauses(documents)
    clock.advance(_SETTLES_SECONDS)


async def _apply_all(client: LocalClient, clock: ManualClock, documents: Mapping[str, tuple[str, bytes]]) -> None:
    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        await asyncio.sleep(0)

    reconciler = Reconciler(
        Inventory(client, clock.now), client.call, region=client.region, clock=clock.now, sleep=sleep, patience=600
    )
    for cluster, (revision, body) in documents.items():
        plan = await reconciler.plan(cluster, Request(json.loads(body), revision))
        outcome = await reconciler.apply(plan)
        if outcome.failed or not outcome.is_complete:
            raise RuntimeError(f'the fleet of {cluster} is incomplete: {[str(each) for each in outcome.failed]}')

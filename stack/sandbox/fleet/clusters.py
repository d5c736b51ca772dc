"""The further clusters of the busy fleet: their services, and who changed what in the last weeks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from stack.sandbox.seed_states import DOMAIN, Place, surroundings

Document = dict[str, Any]
Kind = Literal['web', 'internal', 'worker']
# fails: the deployment does, and is rolled back · fails-later: it is deployed, and each run of the task fails.
Result = Literal['works', 'fails', 'fails-later']


@dataclass(frozen=True)
class FleetService:
    """A service: reached from outside (`web`), from other services (`internal`), or not at all (`worker`).

    `stays_failed`: its circuit breaker stops a failed deployment, and does not roll it back. `autoscaling` and
    `deployment` are the values of the fields.
    """

    name: str
    kind: Kind
    count: int
    memory: int = 512
    stays_failed: bool = False
    autoscaling: Document | None = None
    deployment: Document | None = None


@dataclass(frozen=True)
class FleetTask:
    """A task that runs by a schedule; the first run is so many days ago."""

    name: str
    cron: str
    days: float
    timezone: str = 'UTC'


@dataclass(frozen=True)
class Edit:
    """A change so many days ago: an image that works or fails (and is then rolled back), or a count."""

    days: float
    by: str
    message: str
    service: str
    count: int | None = None
    result: Result = 'works'


@dataclass(frozen=True)
class Freeze:
    days: float
    by: str
    reason: str
    lasts_days: float


@dataclass(frozen=True)
class FleetCluster:
    """A cluster of Fargate services; `lag` is by how many days its images are older than the newest."""

    name: str
    lag: float
    services: tuple[FleetService, ...]
    edits: tuple[Edit, ...]
    freeze: Freeze | None = None
    tasks: tuple[FleetTask, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*(service.name for service in self.services), *(task.name for task in self.tasks))


_SHOP = (
    FleetService('storefront', 'web', 3, 1024),
    FleetService('checkout-api', 'web', 2),
    FleetService('catalog-api', 'internal', 2),
    FleetService('cart-service', 'internal', 2),
    FleetService('payment-gateway', 'internal', 2),
    FleetService('pricing-service', 'internal', 1),
    FleetService('session-service', 'internal', 2),
    FleetService('notification-worker', 'worker', 1),
    FleetService('invoice-worker', 'worker', 1),
)

PRODUCTION_EU = FleetCluster(
    'production-eu',
    lag=6,
    services=_SHOP,
    edits=(
        Edit(31.2, 'dmitri', 'Search suggestions', 'storefront'),
        Edit(27.4, 'esra', 'Retries with backoff', 'payment-gateway'),
        Edit(24.1, 'deploy-bot', 'Merge 4711: new tax rates', 'pricing-service'),
        Edit(21.6, 'farah', 'Campaign starts on Friday', 'storefront', count=4),
        Edit(18.3, 'esra', 'New payment provider', 'payment-gateway', result='fails'),
        Edit(17.5, 'esra', 'New payment provider, with its certificate', 'payment-gateway'),
        Edit(14.8, 'farah', 'Campaign is over', 'storefront', count=3),
        Edit(13.2, 'deploy-bot', 'Merge 4760: smaller images', 'catalog-api'),
        Edit(11.1, 'dmitri', 'Guest checkout', 'checkout-api', result='fails'),
        Edit(9.9, 'dmitri', 'Guest checkout, second attempt', 'checkout-api'),
        Edit(6.4, 'ann', 'Session fix', 'session-service'),
        Edit(4.3, 'deploy-bot', 'Merge 4802: templates', 'notification-worker'),
        Edit(2.2, 'esra', 'Invoices as PDF/A', 'invoice-worker'),
    ),
    freeze=Freeze(1.1, 'farah', 'Sales week: changes only for incidents', lasts_days=6),
)

# A person looks at the new tasks before they get all requests.
_QA_DEPLOYMENTS: dict[str, Document] = {
    'pricing-service': {
        'strategy': 'canary',
        'canary': {'percent': 10, 'bake_time': '5m'},
        'bake_time': '5m',
        'hooks': [
            {
                'type': 'pause',
                'stages': ['post_test_traffic_shift'],
                'timeout': '2d',
                'message': 'Compare the prices of the basket with those of last week',
            }
        ],
    }
}


def _qa_kind(service: FleetService) -> Kind:
    """A canary needs a load balancer, whose requests ECS divides."""
    return 'web' if service.name in _QA_DEPLOYMENTS else service.kind


# Both versions run for a while, so that the former one can take over at once.
_BAKES: Document = {'strategy': 'blue_green', 'bake_time': '15m'}

QA = FleetCluster(
    'qa',
    lag=0.2,
    services=tuple(
        FleetService(each.name, _qa_kind(each), 1, each.memory, deployment=_QA_DEPLOYMENTS.get(each.name))
        for each in _SHOP[:8]
    ),
    edits=(
        Edit(20.4, 'deploy-bot', 'Merge 4741: feature flags', 'storefront'),
        Edit(16.2, 'bob', 'Load test', 'catalog-api', count=3),
        Edit(15.9, 'bob', 'Load test is over', 'catalog-api', count=1),
        Edit(12.4, 'deploy-bot', 'Merge 4766: guest checkout', 'checkout-api', result='fails'),
        Edit(11.8, 'deploy-bot', 'Merge 4768: guest checkout', 'checkout-api'),
        Edit(7.7, 'deploy-bot', 'Merge 4790: session store', 'session-service'),
        Edit(5.1, 'deploy-bot', 'Merge 4799: rounding', 'pricing-service', result='fails'),
        Edit(3.6, 'deploy-bot', 'Merge 4805: rounding', 'pricing-service'),
        Edit(1.4, 'deploy-bot', 'Merge 4811: carts', 'cart-service'),
        Edit(0.3, 'dmitri', '', 'storefront'),
    ),
)

# Low enough to be exceeded within minutes of the start, so that the number of tasks follows the load of the day.
_FOLLOWS_ITS_LOAD: Document = {'min': 2, 'max': 8, 'cpu': 12, 'in_cooldown': 120, 'out_cooldown': 60}
# A loader with more tasks in the first half of every ten minutes.
_RUNS_IN_WINDOWS: Document = {
    'min': 1,
    'max': 4,
    'cpu': 80,
    'schedules': [
        {'cron': '0/10 * * * ? *', 'min': 3, 'max': 4},
        {'cron': '5/10 * * * ? *', 'min': 1, 'max': 1},
    ],
}

DATA_PLATFORM = FleetCluster(
    'data-platform',
    lag=2,
    services=(
        FleetService('event-collector', 'web', 2, autoscaling=_FOLLOWS_ITS_LOAD),
        FleetService('report-api', 'web', 1),
        FleetService('feature-store', 'internal', 2, 1024, deployment=_BAKES),
        FleetService('model-server', 'internal', 2, 1024, stays_failed=True),
        FleetService('stream-processor', 'worker', 2, 1024),
        FleetService('warehouse-loader', 'worker', 1),
        FleetService('etl-orders', 'worker', 1),
        FleetService('etl-clicks', 'worker', 1, autoscaling=_RUNS_IN_WINDOWS),
    ),
    edits=(
        Edit(28.7, 'gwen', 'Partition by day', 'warehouse-loader'),
        Edit(22.9, 'gwen', 'More consumers', 'stream-processor', count=3),
        Edit(19.5, 'hiro', 'Model of November', 'model-server'),
        Edit(15.1, 'hiro', 'Cache of embeddings', 'feature-store', result='fails'),
        Edit(14.2, 'hiro', 'Cache of embeddings, with more memory', 'feature-store'),
        Edit(8.8, 'gwen', 'Late events', 'event-collector'),
        Edit(4.9, 'gwen', 'Deduplicate orders', 'etl-orders'),
        Edit(1.7, 'hiro', 'Report by country', 'report-api'),
        Edit(1.0, 'gwen', 'Export by region', 'clicks-export', result='fails-later'),
    ),
    tasks=(
        FleetTask('nightly-report', '0 3 * * ? *', 30, 'Europe/Berlin'),
        FleetTask('clicks-export', '15 * * * ? *', 2),
    ),
)

CLUSTERS = (PRODUCTION_EU, QA, DATA_PLATFORM)
REPOSITORIES = tuple(dict.fromkeys(name for cluster in CLUSTERS for name in cluster.names))


def document(place: Place, cluster: FleetCluster, tags: dict[str, str]) -> Document:
    """The cluster's first desired state, with the image tag of each service."""
    return {
        **surroundings(place, cluster.name),
        'defaults': {
            'launch_type': 'FARGATE',
            'cpu': 256,
            'task_execution_role_arn': f'arn:aws:iam::{place.account}:role/ecsTaskExecutionRole',
            'environment': [{'LOG_LEVEL': 'info'}, {'STAGE': cluster.name}],
        },
        'services': [*_services(place, cluster, tags), *_tasks(place, cluster, tags)],
    }


def _services(place: Place, cluster: FleetCluster, tags: dict[str, str]) -> Iterator[Document]:
    for service in cluster.services:
        settings: Document = {
            'image': place.image(service.name, tags[service.name]),
            'memory': service.memory,
            'desired_count': service.count,
        }
        if service.kind != 'worker':
            settings |= {'ports': ['8080:8080'], 'environment': [{'SERVER_PORT': 8080}]}
        if service.kind == 'internal':
            settings['dns_discovery'] = {'name': f'{service.name}.{cluster.name}'}
        if service.kind == 'web':
            settings['elb'] = {
                'type': 'public',
                'protocol': 'HTTPS',
                'ports': {'public': 443, 'container': 8080},
                'certificates': [place.certificate],
                'dns': {
                    'hosted_zone_id': place.hosted_zone,
                    'record_name': f'{service.name}.{cluster.name}.{DOMAIN}',
                },
                'healthcheck': {'protocol': 'HTTP', 'port': 8080, 'path': '/health'},
            }
            if service.deployment is None:
                settings['deployment_circuit_breaker'] = {'enable': True, 'rollback': True}
        if service.deployment:
            settings['deployment'] = service.deployment
            if service.kind == 'web':
                role = f'arn:aws:iam::{place.account}:role/ecsInfrastructureRole'
                settings['deployment'] = service.deployment | {'role_arn': role}
        if service.autoscaling:
            settings['autoscaling'] = service.autoscaling
        if service.stays_failed:
            settings['deployment_circuit_breaker'] = {'enable': True, 'rollback': False}
        yield {service.name: settings}


def _tasks(place: Place, cluster: FleetCluster, tags: dict[str, str]) -> Iterator[Document]:
    for task in cluster.tasks:
        yield {
            task.name: {
                'image': place.image(task.name, tags[task.name]),
                'memory': 512,
                'desired_count': 1,
                'type': 'task',
                'scheduler_role': f'arn:aws:iam::{place.account}:role/scheduler',
                'schedule': {'cron': task.cron, 'timezone': task.timezone},
            }
        }

"""Initial desired states with their history: who changed what, when and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stack.sandbox.plain_files import Version
from stack.sandbox.seed_images import newest_version
from stack.stackfile import editing
from stack.state.revisions import Change, Origin, Revision

Document = dict[str, Any]

CLUSTERS = ('production', 'staging')
REPOSITORIES = (
    'routing-service',
    'user-service',
    'search-service',
    'billing-service',
    'email-worker',
    'report-worker',
)
DOMAIN = 'example.com'
META = 'x-amz-meta-'


@dataclass(frozen=True)
class Place:
    """The ids of what the desired states stand on; `registry` is the account of the images."""

    account: str
    region: str
    vpc: str
    public_subnets: tuple[str, ...]
    private_subnets: tuple[str, ...]
    public_group: str
    private_group: str
    certificate: str
    hosted_zone: str
    registry: str

    def image(self, repository: str, tag: str) -> str:
        return f'{self.registry}.dkr.ecr.{self.region}.amazonaws.com/{repository}:{tag}'


def headers_of(metadata: dict[str, str]) -> dict[str, str]:
    """The headers of a desired state as S3 keeps them."""
    return {'Content-Type': 'application/json'} | {META + name: text for name, text in metadata.items()}


def revision_of(cluster: str, version: Version | None) -> Revision | None:
    """A stored version as the next one is linked to it."""
    if version is None:
        return None
    metadata = {name.removeprefix(META): text for name, text in version.headers.items() if name.startswith(META)}
    return Revision(cluster, version.etag, version.id, version.body or b'', version.at, metadata, 1)


def history(place: Place, cluster: str, now: datetime) -> Iterator[tuple[Document, Change]]:
    """Each revision of a cluster's desired state, the oldest first; production runs versions of nine days before."""
    lag = 9.0 if cluster == 'production' else 0.1

    def tag(service: str, days: float) -> str:
        return newest_version(service, days + lag)

    document = _document(place, cluster, {name: tag(name, 40) for name in REPOSITORIES})
    yield document, _change(now, 40, 'ann', f'Take {cluster} under management', verb='create')
    for days, by, why, service, count in _EDITS:
        values = {'desired_count': count} if count else {'image_tag': tag(service, days)}
        document = editing.change_service(document, service, **values)
        yield document, _change(now, days, by, why, verb='change', service=service, **values)


# Days ago, by whom, why, which service, and its new count; where that is None, a newer image.
_EDITS = (
    (26.3, 'bob', 'Fewer round trips to the session store', 'user-service', None),
    (19.1, 'ann', '', 'routing-service', None),
    (12.6, 'cleo', 'Month-end reports run late', 'report-worker', 2),
    (9.4, 'bob', 'New templates', 'email-worker', None),
    (8.1, 'ann', 'Faster index', 'search-service', None),
    (6.8, 'cleo', '', 'report-worker', None),
    (5.2, 'cleo', 'Rounding of VAT', 'billing-service', None),
    (2.7, 'bob', 'Session fix', 'user-service', None),
)


def _change(now: datetime, days: float, by: str, why: str, **did: Any) -> Change:
    return Change(Origin(by, 'embedded AWS', why), now - timedelta(days=days), did)


def surroundings(place: Place, cluster: str) -> Document:
    """The settings beside the services: network, log group and namespace."""
    return {
        'vpc': {
            'id': place.vpc,
            'subnets': {'public': list(place.public_subnets), 'private': list(place.private_subnets)},
            'security_groups': {'public': [place.public_group], 'private': [place.private_group]},
        },
        'logging': {
            'log_driver': 'awslogs',
            'options': {
                'awslogs-group': f'/ecs/{cluster}',
                'awslogs-region': place.region,
                'awslogs-stream-prefix': 'svc',
            },
        },
        'service_discovery': {'namespace': 'example.sd'},
    }


def _document(place: Place, cluster: str, tags: dict[str, str]) -> Document:
    return {
        **surroundings(place, cluster),
        'defaults': {'memory': 512, 'environment': [{'LOG_LEVEL': 'info'}, {'STAGE': cluster}]},
        'services': list(_services(place, cluster, tags)),
    }


def _services(place: Place, cluster: str, tags: dict[str, str]) -> Iterator[Document]:
    def image(name: str) -> dict[str, str]:
        return {'image': place.image(name, tags[name])}

    many = 2 if cluster == 'production' else 1
    yield {'routing-service': {**image('routing-service'), 'desired_count': many, **_routing(place, cluster)}}
    yield {
        'user-service': {
            **image('user-service'),
            'ports': ['80:80'],
            'environment': [{'SERVER_PORT': 80}],
            'desired_count': many,
            'dns_discovery': {'name': f'user.{cluster}'},
            'deployment_circuit_breaker': {'enable': True, 'rollback': True},
        }
    }
    yield {'search-service': {**image('search-service'), 'desired_count': 1, **_search(place, cluster)}}
    yield {
        'billing-service': {
            **image('billing-service'),
            'ports': ['80:80'],
            'desired_count': 1,
            'dns_discovery': {'name': f'billing.{cluster}'},
        }
    }
    yield {'email-worker': {**image('email-worker'), 'desired_count': 1, 'memory': 256}}
    yield {'report-worker': {**image('report-worker'), 'desired_count': 1, 'memory': 1024}}


def _routing(place: Place, cluster: str) -> Document:
    """The settings of a service behind a public load balancer."""
    return {
        'ports': ['8080:8080'],
        'environment': [{'SERVER_PORT': 8080}],
        'elb': {
            'type': 'public',
            'protocol': 'HTTPS',
            'ports': {'public': 443, 'container': 8080},
            'certificates': [place.certificate],
            'dns': {'hosted_zone_id': place.hosted_zone, 'record_name': f'{cluster}.{DOMAIN}'},
            'healthcheck': {'protocol': 'HTTP', 'port': 8080, 'path': '/health'},
        },
        'deployment_circuit_breaker': {'enable': True, 'rollback': True},
    }


def _search(place: Place, cluster: str) -> Document:
    """The settings of a service behind a private load balancer."""
    return {
        'ports': ['9200:9200'],
        'elb': {
            'type': 'private',
            'protocol': 'HTTP',
            'ports': {'public': 80, 'container': 9200},
            'dns': {'hosted_zone_id': place.hosted_zone, 'record_name': f'search.{cluster}.{DOMAIN}'},
            'healthcheck': {'protocol': 'HTTP', 'port': 9200, 'path': '/_ready'},
        },
    }

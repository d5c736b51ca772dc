"""The desired state of one service in AWS's terms, for comparison with the observed state."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from stack.reconcile.names import CONNECT_TAG
from stack.reconcile.scaling import Scaling, scaling
from stack.reconcile.shared_terms import shared, shared_value
from stack.reconcile.wanted_balancers import Balancers, wanted_balancers
from stack.reconcile.wanted_schedule import WantedSchedule, wanted_schedule
from stack.stackfile import effective
from stack.stackfile.autoscaling_fields import Autoscaling
from stack.stackfile.check import check
from stack.stackfile.deployment_fields import Deployment
from stack.stackfile.entries import UNKNOWN_KEY
from stack.stackfile.field_paths import declared_paths
from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.network_fields import NETWORKS, TaskNetwork, Vpc
from stack.stackfile.order_fields import Gate
from stack.stackfile.rendering import Context, place_of
from stack.stackfile.task_definition import register_arguments
from stack.stackfile.values import deeply_merged

Terms = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Registry:
    """An entry in a Cloud Map namespace, which is created in `vpc` where it is missing."""

    namespace: str
    vpc: str
    name: str


@dataclass(frozen=True, slots=True)
class LogGroup:
    """A CloudWatch log group; `region` is None where it is the cluster's own."""

    name: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class RolloutOrder:
    """What comes before and after the rollout of a service: see `stack.stackfile.order_fields`."""

    needs: tuple[str, ...] = ()
    before: tuple[Gate, ...] = ()
    after: tuple[Gate, ...] = ()
    rolls_back: bool = False
    container: str = ''


@dataclass(frozen=True, slots=True)
class Wanted:
    """One service of the desired state. `definition`: the arguments of RegisterTaskDefinition.

    `members`: those of CreateService that the stackfile states; `tags`: those of the service. `count`: the number of
    tasks, with `scaling` only that of a new service.
    """

    service: str
    definition: Terms
    count: int = 1
    autoscaled: bool = False
    scaling: Scaling | None = None
    runs_once: bool = False
    schedule: WantedSchedule | None = None
    members: Terms = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    balancers: Balancers = field(default_factory=Balancers)
    registry: Registry | None = None
    log_group: LogGroup | None = None
    # Paths of fields that are left as they run, and with `undeclared: keep` the paths that the service declares.
    ignored: tuple[str, ...] = ()
    declared: tuple[str, ...] | None = None
    # No part of what runs: a change of it alone is no rollout.
    order: RolloutOrder = field(default=RolloutOrder(), compare=False)
    pace: Deployment = field(default=Deployment(), compare=False)

    @property
    def leaves_something(self) -> bool:
        """Whether parts of the service are left to other programs: see `stack.reconcile.kept`."""
        return bool(self.ignored) or self.declared is not None

    @property
    def is_task(self) -> bool:
        """Whether it has tasks that end by themselves, and no service in ECS."""
        return self.runs_once or self.schedule is not None

    @property
    def family(self) -> str:
        return str(self.definition['family'])

    @property
    def scheduling_strategy(self) -> str:
        return str(self.members.get('schedulingStrategy', 'REPLICA'))

    @property
    def launch_type(self) -> str | None:
        """The launch type; None with capacity providers."""
        return self.members.get('launchType')

    @property
    def deployment(self) -> Terms:
        """The deploymentConfiguration, as far as it is stated."""
        stated: Terms = self.members.get('deploymentConfiguration', {})
        return stated

    @property
    def connect(self) -> Terms:
        """The serviceConnectConfiguration; empty where it is not stated or turned off."""
        stated: Terms = self.members.get('serviceConnectConfiguration') or {}
        return stated if stated.get('enabled') else {}

    @property
    def network(self) -> Terms | None:
        """The awsvpcConfiguration; None in every other network mode."""
        stated: Terms | None = self.members.get('networkConfiguration', {}).get('awsvpcConfiguration')
        return stated

    @property
    def subnets(self) -> frozenset[str]:
        """The subnets of its tasks and of its load balancers."""
        of_tasks = (self.network or {}).get('subnets', ())
        return frozenset(of_tasks).union(*(balancer.subnets for balancer in self.balancers.own))


def wanted_services(cluster: str, document: Any, region: str | None = None) -> dict[str, Wanted]:
    """The services of a desired state by name, in the document's order; the first of a repeated name."""
    return Successive(cluster, region).services(document)


class Rendered(NamedTuple):
    """The services of a document, not to be changed.

    Digests of what it states above them, and of each: the documents themselves would fill the memory.
    """

    above: bytes
    digests: dict[str, bytes]
    services: dict[str, Wanted]


class Successive:
    """Memo for successive desired states of one cluster: unchanged services are not rendered again.

    `keep` gives the task definitions as they are kept.
    """

    def __init__(self, cluster: str, region: str | None = None, keep: Callable[[Terms], Terms] = lambda terms: terms):
        self._cluster = cluster
        self._region = region
        self._keep = keep
        self._last = Rendered(b'', {}, {})

    def services(self, document: Any) -> dict[str, Wanted]:
        """The result of `wanted_services`, not to be changed."""
        return self.take(self.rendered(document))

    def take(self, rendered: Rendered) -> dict[str, Wanted]:
        """Go over to the services of a document."""
        self._last = rendered
        return rendered.services

    def rendered(self, document: Any) -> Rendered:
        """The services of a document, for `take`; any thread may have them rendered."""
        last = self._last
        above = _digest(
            {key: value for key, value in document.items() if key != 'services'} if isinstance(document, dict) else None
        )
        known = last.digests if above == last.above else {}
        top = effective.top_settings(document)
        found: dict[str, Wanted] = {}
        digests: dict[str, bytes] = {}
        for name, raw in effective.services(document):
            if name in found:
                continue
            digests[name] = digest = _digest(raw)
            if digest == known.get(name):
                found[name] = last.services[name]
            else:
                settings = effective.settle(name, raw, top)
                wanted = _with_rest(_wanted(self._cluster, settings, top, self._region), settings, raw)
                found[name] = replace(wanted, definition=self._keep(wanted.definition))
        return Rendered(above, digests, found)


def _digest(value: Any) -> bytes:
    """A digest of a JSON value, in which `1` and `true` differ, which Python regards as equal."""
    return hashlib.blake2b(json.dumps(value, default=repr).encode(), digest_size=16).digest()


def faults(cluster: str, document: Any) -> dict[str, str]:
    """The first mistake of every service that has one, by name.

    A mistake outside `services` concerns all of them. Unknown keys are ignored: other tools add theirs.
    """
    found: dict[str, str] = {}
    for mistake in check(document, cluster=cluster).mistakes:
        if mistake.message.startswith(UNKNOWN_KEY):
            continue
        in_service = mistake.path[:1] == ('services',) and len(mistake.path) > 2
        for name in [str(mistake.path[2])] if in_service else [service for service, _ in effective.services(document)]:
            found.setdefault(name, str(mistake))
    return found


def _with_rest(wanted: Wanted, settings: ServiceSettings, raw: Mapping[str, Any]) -> Wanted:
    """The service with what it leaves to other programs."""
    declared = declared_paths(raw) if settings.undeclared == 'keep' else None
    return replace(wanted, ignored=settings.ignore, declared=declared)


def _wanted(cluster: str, settings: ServiceSettings, top: Stackfile, region: str | None) -> Wanted:
    vpc = top.vpc or Vpc()
    scaled = _autoscaling(settings)
    members = _members(cluster, settings, vpc, region)
    schedule = wanted_schedule(cluster, settings, members)
    return Wanted(
        service=settings.name,
        definition=_with_shared_tags(register_arguments(cluster, settings, region)),
        count=scaled.start(settings.desired_count) if scaled else settings.desired_count,
        autoscaled=settings.autoscaled or scaled is not None,
        scaling=scaling(top.ecs_cluster or cluster, settings.name, scaled) if scaled else None,
        runs_once=settings.type == 'task' and schedule is None,
        schedule=schedule,
        members=shared(members),
        tags=shared({**settings.tags, **({CONNECT_TAG: 'true'} if settings.service_connect else {})}),
        balancers=wanted_balancers(cluster, settings, top),
        registry=_registry(settings, top, vpc),
        log_group=_log_group(settings, region),
        pace=settings.deployment,
        order=shared_value(
            RolloutOrder(
                settings.depends_on.services,
                settings.pre_deploy,
                settings.post_deploy,
                settings.on_failure == 'roll_back',
                settings.main_container,
            )
        ),
    )


def _with_shared_tags(definition: dict[str, Any]) -> Terms:
    tags = definition.get('tags')
    return {**definition, 'tags': [shared(tag) for tag in tags]} if isinstance(tags, list) else definition


def _autoscaling(settings: ServiceSettings) -> Autoscaling | None:
    """The autoscaling of a service whose tasks can be scaled by it; a daemon or a task may inherit it."""
    scalable = settings.type == 'service' and settings.scheduling_strategy == 'REPLICA' and not settings.autoscaled
    return settings.autoscaling if scalable else None


def _log_group(settings: ServiceSettings, region: str | None) -> LogGroup | None:
    options = settings.logging.options
    if settings.logging.log_driver != 'awslogs' or 'awslogs-group' not in options:
        return None
    where = options.get('awslogs-region')
    return LogGroup(options['awslogs-group'], None if where == region else where)


def _members(cluster: str, settings: ServiceSettings, vpc: Vpc, region: str | None) -> Terms:
    """Members of CreateService that the fields render, merged with the pass-through."""
    members = place_of(settings, 'service', Context(cluster, settings, region))
    members.pop('desiredCount', None)
    if settings.task_network == 'awsvpc':
        members['networkConfiguration'] = {'awsvpcConfiguration': _network(settings, vpc)}
    return deeply_merged(members, settings.ecs.service) if settings.ecs else members


def _network(settings: ServiceSettings, vpc: Vpc) -> Terms:
    """The subnets and security groups of tasks with their own address: private ones, else public ones.

    In public subnets a task on Fargate needs a public address to reach anything at all:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
    """
    own = settings.network or TaskNetwork()
    side = 'private' if vpc.subnets.private else 'public'
    public = settings.on_fargate and own.subnets is None and side == 'public'
    if own.public_ip is not None:
        public = own.public_ip
    return {
        'subnets': _ids(own.subnets, vpc.subnets, side),
        'securityGroups': _ids(own.security_groups, vpc.security_groups, side),
        'assignPublicIp': 'ENABLED' if public else 'DISABLED',
    }


def _ids(stated: tuple[str, ...] | None, known: Any, side: str) -> list[str]:
    """Ids, with `public` and `private` resolved to those of the VPC."""
    named = (side,) if stated is None else stated
    return [id for word in named for id in (getattr(known, word) if word in NETWORKS else (word,))]


def _registry(settings: ServiceSettings, top: Stackfile, vpc: Vpc) -> Registry | None:
    if settings.dns_discovery is None or top.service_discovery is None:
        return None
    return Registry(top.service_discovery.namespace, vpc.id or '', settings.dns_discovery.name)

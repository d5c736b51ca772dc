"""The observed state of one cluster: everything in AWS that its plan depends on."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from stack.aws import autoscaling, ec2, ecs, elbv2, logs, route53, schedules, servicediscovery
from stack.aws.client import AwsClient
from stack.aws.definitions import Definitions
from stack.aws.errors import is_unavailable
from stack.configuration.accounts import ecs_name
from stack.errors import AwsFailed, Unprocessable
from stack.reconcile.definition import is_registered, serves
from stack.reconcile.definition_cache import DefinitionCache
from stack.reconcile.names import RECORD_TAG, Owner, dns_name, owner, tagged_records
from stack.reconcile.observed import Observed, TaskDefinition
from stack.reconcile.observed_balancers import LoadBalancer, TargetGroup
from stack.reconcile.observed_names import Namespace, Record, Registry
from stack.reconcile.planner import going
from stack.reconcile.wanted import LogGroup, Wanted, wanted_services
from stack.runtime.off_loop import call_off_loop
from stack.stackfile.naming import family


class Inventory:
    """Looks at clusters. What cannot change is looked at once."""

    def __init__(self, aws: AwsClient, clock: Callable[[], float] = time.time, definitions: Definitions | None = None):
        """`clock` gives the time in seconds since the epoch."""
        self._aws = aws
        self._clock = clock
        self._subnets: dict[str, str] = {}
        self._definitions = definitions or Definitions(aws, DefinitionCache())
        self._registries: dict[str, Mapping[str, str]] = {}

    async def observe(
        self,
        cluster: str,
        document: Mapping[str, Any],
        *,
        destroyed: Collection[str] = (),
        prune: bool = False,
    ) -> Observed:
        """What is there now. Raises `Unprocessable` where ECS has no such active cluster, and `AwsFailed`."""
        wanted = await call_off_loop(wanted_services, cluster, document, self._aws.region)
        status = await ecs.describe_cluster(self._aws, cluster)
        if status is None or status.status != 'ACTIVE':
            raise Unprocessable(f'ECS has no active cluster {ecs_name(cluster, document)!r}.')
        services = {each.name: each for each in await ecs.services(self._aws, cluster)}
        observed = Observed(
            cluster,
            services,
            container_instances=status.container_instances,
            connect_default=status.connect_default,
            cluster_arn=status.arn,
            at=self._clock(),
        )
        observed = await self._with_parts(observed, wanted)
        if prune:
            observed = await schedules.with_group(self._aws, observed)
        return await self._with_definitions(observed, wanted, going(wanted, observed, destroyed, prune))

    async def extend(self, observed: Observed, document: Mapping[str, Any]) -> Observed:
        """The observed state with what a plan of the document needs. Raises `AwsFailed`.

        Services, load balancers and running task definitions are not read again.
        """
        wanted = await call_off_loop(wanted_services, observed.cluster, document, self._aws.region)
        (namespaces, registries), log_groups, subnets, records, connected = await asyncio.gather(
            self._discovery(observed, wanted),
            self._log_groups(wanted),
            self._subnet_vpcs(wanted),
            self._records((*observed.load_balancers, *observed.target_groups), wanted),
            self._connect_namespaces(wanted),
        )
        known = {(record.zone, record.name, record.type) for record in records}
        others = (each for each in observed.records if (each.zone, each.name, each.type) not in known)
        extended = replace(
            observed,
            namespaces=namespaces,
            registries=registries,
            subnets=subnets,
            connect_namespaces=connected,
            records=(*records, *others),
            **_log_group_members(log_groups),
        )
        return await self._with_definitions(extended, wanted, ())

    async def _with_parts(self, observed: Observed, wanted: Mapping[str, Wanted]) -> Observed:
        (balancers, groups), (namespaces, registries), log_groups, scaled, subnets, connected = await asyncio.gather(
            elbv2.load_balancing(self._aws, _interest(observed, wanted)),
            self._discovery(observed, wanted),
            self._log_groups(wanted),
            self._scaled(observed, wanted),
            self._subnet_vpcs(wanted),
            self._connect_namespaces(wanted),
        )
        return replace(
            observed,
            load_balancers=balancers,
            target_groups=groups,
            namespaces=namespaces,
            registries=registries,
            **_log_group_members(log_groups),
            autoscaled=scaled.services,
            scaling=scaled.targets,
            unknown_scaling=scaled.unknown,
            subnets=subnets,
            connect_namespaces=connected,
            records=await self._records((*balancers, *groups), wanted),
        )

    async def _scaled(self, observed: Observed, wanted: Mapping[str, Wanted]) -> autoscaling.Scaled:
        """What scales the services; in detail for those that declare it, and for Nysa's, which may have had it."""
        declared = {service.service for service in wanted.values() if service.scaling}
        own = {service.name for service in observed.services.values() if owner(service.tags)}
        asked = [*observed.services, *sorted(declared - observed.services.keys())]
        return await autoscaling.scaled(self._aws, observed.cluster, asked, declared | own)

    async def _records(
        self, balancers: Collection[LoadBalancer | TargetGroup], wanted: Mapping[str, Wanted]
    ) -> tuple[Record, ...]:
        asked = {record for each in wanted.values() for record in each.balancers.records}
        asked |= {record for each in balancers for record in tagged_records(each.tags.get(RECORD_TAG, ''))}
        zones: dict[str, list[str]] = {}
        for zone, name in asked:
            zones.setdefault(zone, []).append(name)
        found = await asyncio.gather(
            *(route53.address_records(self._aws, zone, names) for zone, names in zones.items())
        )
        return tuple(record for some in found for record in some)

    async def _subnet_vpcs(self, wanted: Mapping[str, Wanted]) -> Mapping[str, str] | None:
        """The VPC of a subnet never changes, so each is asked for once."""
        named = {subnet for each in wanted.values() for subnet in each.subnets}
        if unknown := named - self._subnets.keys():
            found = await ec2.subnet_vpcs(self._aws, unknown)
            if found is None:
                return None
            self._subnets |= found
        return {subnet: self._subnets[subnet] for subnet in named if subnet in self._subnets}

    async def _discovery(
        self, observed: Observed, wanted: Mapping[str, Wanted]
    ) -> tuple[tuple[Namespace, ...], tuple[Registry, ...]]:
        """All namespaces, and those of their entries that have to do with this cluster."""
        used = {each['registryArn'] for service in observed.services.values() for each in service.registries}
        asked = {dns_name(each.registry.name) for each in wanted.values() if each.registry}
        mark = Owner(observed.cluster).description

        def concerns_us(found: Mapping[str, Any]) -> bool:
            described = found.get('Description', '').endswith(mark)
            return described or found['Arn'] in used or dns_name(found['Name']) in asked

        namespaces = [await self._with_vpcs(each, wanted) for each in await servicediscovery.namespaces(self._aws)]
        found = await asyncio.gather(
            *(servicediscovery.registries(self._aws, each.id, concerns_us, self._registries) for each in namespaces)
        )
        registries = tuple(each for some in found for each in some)
        self._registries |= {each.arn: each.tags for each in registries if owner(each.tags)}
        return tuple(namespaces), registries

    async def _connect_namespaces(self, wanted: Mapping[str, Wanted]) -> Mapping[str, str]:
        """The names of all namespaces by ARN; none where no service uses Service Connect."""
        if not any(service.connect for service in wanted.values()):
            return {}
        return await servicediscovery.names(self._aws)

    async def _with_vpcs(self, namespace: Namespace, wanted: Mapping[str, Wanted]) -> Namespace:
        """The namespace with its VPCs where a service would be registered in one of that name."""
        names = {dns_name(each.registry.namespace) for each in wanted.values() if each.registry}
        if namespace.name not in names:
            return namespace
        vpcs = await servicediscovery.vpcs(self._aws, namespace.id)
        return replace(namespace, vpcs=vpcs)

    async def _log_groups(self, wanted: Mapping[str, Wanted]) -> Mapping[LogGroup, bool | str]:
        """Whether each log group exists, or why that could not be asked."""
        groups = list({each.log_group for each in wanted.values() if each.log_group})
        return dict(zip(groups, await asyncio.gather(*map(self._has_log_group, groups)), strict=True))

    async def _has_log_group(self, group: LogGroup) -> bool | str:
        try:
            return await logs.has_log_group(self._aws, group.name, group.region)
        except AwsFailed as failed:
            # A cluster's own region concerns everything in it; another one only those who log there.
            if group.region is None and not is_unavailable(failed):
                raise
            return failed.message

    async def _with_definitions(
        self, observed: Observed, wanted: Mapping[str, Wanted], gone: Collection[str]
    ) -> Observed:
        running = {each.task_definition for each in observed.services.values() if each.task_definition}
        definitions = dict(zip(running, await asyncio.gather(*map(self._definitions.of, running)), strict=True))
        unlike = await call_off_loop(_unlike, wanted, observed, definitions)
        newest = await asyncio.gather(*(self._newest(each, observed) for each in unlike))
        known = {each.family: each for each in newest if each}
        again = await call_off_loop(_registered, unlike, observed, known)
        given_up = await asyncio.gather(*(ecs.given_up(self._aws, observed.cluster, each) for each in again))
        once = [each for each in wanted.values() if each.runs_once]
        started = await asyncio.gather(*(ecs.started_by(self._aws, observed.cluster, each.family) for each in once))
        families = [family(observed.cluster, name) for name in gone]
        leaving = await asyncio.gather(*(ecs.family(self._aws, each) for each in families))
        looked_at = replace(
            observed,
            definitions={arn: each for arn, each in definitions.items() if each},
            newest=known,
            given_up=frozenset().union(*given_up),
            ran=frozenset((each.service, mark) for each, marks in zip(once, started, strict=True) for mark in marks),
            families=dict(zip(families, leaving, strict=True)),
        )
        return await schedules.with_schedules(self._aws, looked_at, wanted)

    async def _newest(self, wanted: Wanted, observed: Observed) -> TaskDefinition | None:
        """The newest active task definition of a service's family."""
        if wanted.runs_once or wanted.schedule:
            return await self._definitions.newest(wanted.family)
        service = observed.service(wanted.service)
        rollout = service and (service.current_deployment, service.deployments, service.rollout_state)
        return await self._definitions.newest_while(wanted.family, service and (service.task_definition, rollout))


def _interest(observed: Observed, wanted: Mapping[str, Wanted]) -> elbv2.Interest:
    used = {
        each['targetGroupArn']
        for service in observed.services.values()
        for each in service.load_balancers
        if each.get('targetGroupArn')
    }
    others = {other.arn for each in wanted.values() for other in each.balancers.others}
    listeners = {routed.listener for each in wanted.values() for routed in each.balancers.routed if routed.listener}
    tuned = {each.service for each in wanted.values() if each.balancers.states_attributes}
    detailed = {each.service for each in wanted.values() if each.balancers.states_settings}
    return elbv2.Interest(f'{observed.cluster}-', used | others, listeners, tuned, detailed)


def _log_group_members(found: Mapping[LogGroup, bool | str]) -> dict[str, Any]:
    """Members of `Observed` for log groups that exist, and for those that could not be read."""
    return {
        'log_groups': frozenset((group.region, group.name) for group, there in found.items() if there is True),
        'unknown_log_groups': {(group.region, group.name): why for group, why in found.items() if isinstance(why, str)},
    }


def _unlike(
    wanted: Mapping[str, Wanted], observed: Observed, definitions: Mapping[str, TaskDefinition | None]
) -> list[Wanted]:
    """The services that do not run what is wanted."""
    return [each for each in wanted.values() if not _runs_as_wanted(each, observed, definitions)]


def _runs_as_wanted(wanted: Wanted, observed: Observed, definitions: Mapping[str, TaskDefinition | None]) -> bool:
    service = observed.service(wanted.service)
    running = definitions.get(service.task_definition) if service else None
    return running is not None and serves(wanted.definition, running)


def _registered(unlike: Iterable[Wanted], observed: Observed, newest: Mapping[str, TaskDefinition]) -> list[str]:
    """The names of those services whose wanted definition was registered last."""
    return [each.service for each in unlike if _was_registered(each, observed, newest)]


def _was_registered(wanted: Wanted, observed: Observed, newest: Mapping[str, TaskDefinition]) -> bool:
    """Whether the service runs something else though the wanted definition was registered last."""
    last = newest.get(wanted.family)
    return bool(observed.service(wanted.service) and last and is_registered(wanted.definition, last))

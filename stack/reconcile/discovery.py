"""Cloud Map: the private namespace that all services share, and the entry of a service in it."""

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Observed, Service
from stack.reconcile.observed_names import Namespace
from stack.reconcile.plan import Change, ResultOf, Until
from stack.reconcile.wanted import Registry

# TTL of the records, in seconds: as short as the replacement of a task takes.
RECORD_TTL_S = 10

# The step that waits for the namespace, which every service of the plan can refer to.
_READY = 'namespace/ready'
_NAMESPACE_ID = 'Operation.Targets.NAMESPACE'

Ref = str | ResultOf


def plan_namespace(draft: Draft, wanted: Registry, observed: Observed, service: Service | None = None) -> Ref:
    """The namespace's id, known or to come. It is created once, and stays when its services are deleted."""
    if there := _namespace(service, wanted, observed):
        return there.id
    if any(step.id == f'/{_READY}' for step in draft.steps):
        return ResultOf(f'/{_READY}', _NAMESPACE_ID)
    made = draft.add(
        'namespace',
        'servicediscovery:CreatePrivateDnsNamespace',
        f'Create the private namespace {wanted.namespace} in {wanted.vpc}',
        {
            'Name': wanted.namespace,
            'Vpc': wanted.vpc,
            'CreatorRequestId': names.token('namespace', wanted.namespace, wanted.vpc),
            'Tags': names.tag_list(draft.owner.tags),
        },
        why=[Change('service_discovery.namespace', None, wanted.namespace)],
        # A pass of another cluster creates it.
        not_yet=('DuplicateRequest', 'NamespaceAlreadyExists', 'ConflictingDomainExists'),
    )
    ready = draft.add(
        _READY,
        'servicediscovery:GetOperation',
        f'Wait until the namespace {wanted.namespace} is there',
        {'OperationId': ResultOf(made, 'OperationId')},
        until=Until('Operation.Status', ('SUCCESS',), failures=('FAIL',)),
    )
    return ResultOf(ready, _NAMESPACE_ID)


def _namespace(service: Service | None, wanted: Registry, observed: Observed) -> Namespace | None:
    """The namespace of that name in which the service is registered, or which is resolved in its VPC.

    Namespaces of one name may exist in several VPCs.
    """
    registered = [registry.get('registryArn', '') for registry in service.registries] if service else []
    known = observed.index.registries
    used = {known[arn].namespace for arn in registered if arn in known}
    named = [namespace for namespace in observed.namespaces if namespace.name == names.dns_name(wanted.namespace)]
    in_vpc = [
        namespace for namespace in named if namespace.vpcs is None or not wanted.vpc or wanted.vpc in namespace.vpcs
    ]
    return next(iter([namespace for namespace in named if namespace.id in used] + in_vpc), None)


def plan_registry(draft: Draft, wanted: Registry, namespace: Ref, observed: Observed) -> Ref:
    """The ARN of the service's entry in the namespace, known or to come.

    Raises `Blocked` where another service has the name.
    """
    name = names.dns_name(wanted.name)
    there = observed.index.named_registries.get((namespace, name)) if isinstance(namespace, str) else None
    if there is not None:
        whose = names.owner(there.tags)
        if whose not in (None, draft.owner):
            raise Blocked(f'{name}.{wanted.namespace} belongs to {whose.service} of cluster {whose.cluster}.')
        if whose is None:
            draft.add(
                'registry/take-over',
                'servicediscovery:TagResource',
                f'Take over the Cloud Map service {name}',
                {'ResourceARN': there.arn, 'Tags': names.tag_list(draft.owner.tags)},
                why=[Change('tags', None, draft.owner.tags)],
            )
        return there.arn
    made = draft.add(
        'registry',
        'servicediscovery:CreateService',
        f'Create the Cloud Map service {name}.{wanted.namespace}',
        {
            'Name': wanted.name,
            'Description': draft.owner.description,
            'NamespaceId': namespace,
            'DnsConfig': {'RoutingPolicy': 'MULTIVALUE', 'DnsRecords': [{'Type': 'A', 'TTL': RECORD_TTL_S}]},
            # ECS reports the health of the tasks:
            # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html
            'HealthCheckCustomConfig': {'FailureThreshold': 1},
            'Tags': names.tag_list(draft.owner.tags),
        },
        why=[Change('dns_discovery.name', None, wanted.name)],
    )
    return ResultOf(made, 'Service.Arn')

"""Service Connect: the namespace of a service, which is created where it is missing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Observed, Service
from stack.reconcile.plan import Change, ResultOf, Until
from stack.reconcile.wanted import Wanted

_MEMBER = 'serviceConnectConfiguration'


def in_known_namespace(wanted: Wanted, service: Service | None, namespaces: Mapping[str, str]) -> Wanted:
    """The service with its namespace in the form that ECS describes: by name or ARN, or the cluster's default one.

    `namespaces`: names by ARN, as far as they are known.
    """
    stated = wanted.connect
    described = (service.members.get(_MEMBER) or {}).get('namespace') if service else None
    if not stated or not described or not _is_same(stated.get('namespace'), described, namespaces):
        return wanted
    return replace(wanted, members={**wanted.members, _MEMBER: {**stated, 'namespace': described}})


def _is_same(stated: str | None, described: str, namespaces: Mapping[str, str]) -> bool:
    """Whether both are one namespace. An unknown name and an unknown ARN count as the same."""
    if stated is None or stated == described:
        return True
    if _is_arn(stated) == _is_arn(described):
        return False
    arn, name = (stated, described) if _is_arn(stated) else (described, stated)
    return namespaces[arn] == name if arn in namespaces else name not in namespaces.values()


def _is_arn(namespace: str) -> bool:
    return namespace.startswith('arn:')


def plan_connect(shared: Draft, wanted: Wanted, observed: Observed, service: Service | None) -> str | None:
    """The step after which the namespace is there; None where it is there already.

    It is created once for all services, and stays when they are deleted. Raises `Blocked` where none is stated and
    the cluster has no default one.
    """
    stated: Mapping[str, Any] = wanted.connect
    name = stated.get('namespace')
    used = (service.members.get(_MEMBER) or {}).get('namespace') if service else None
    if not stated or (used and used == name):
        return None
    if name is None:
        if not observed.connect_default:
            raise Blocked(
                'It has no namespace: state service_connect.namespace, or give the ECS cluster a default namespace.'
            )
        return None
    if _is_arn(name) or name in observed.connect_namespaces.values():
        return None
    ready = f'/connect/{name}/ready'
    if any(step.id == ready for step in shared.steps):
        return ready
    made = shared.add(
        f'connect/{name}',
        'servicediscovery:CreateHttpNamespace',
        f'Create the namespace {name} for Service Connect',
        {
            'Name': name,
            'CreatorRequestId': names.token('http-namespace', name),
            'Tags': names.tag_list(shared.owner.tags),
        },
        why=[Change('service_connect.namespace', None, name)],
        # A pass of another cluster creates it.
        not_yet=('DuplicateRequest', 'NamespaceAlreadyExists'),
    )
    return shared.add(
        f'connect/{name}/ready',
        'servicediscovery:GetOperation',
        f'Wait until the namespace {name} is there',
        {'OperationId': ResultOf(made, 'OperationId')},
        until=Until('Operation.Status', ('SUCCESS',), failures=('FAIL',)),
    )

"""Differences of the deploymentConfiguration, named by the fields of `deployment`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from stack.reconcile.draft import Draft
from stack.reconcile.observed import Service
from stack.reconcile.plan import Change, differences
from stack.runtime.durations import write_duration
from stack.stackfile.deployment_fields import CANARY, LINEAR, Deployment
from stack.stackfile.entries import Entry, entries

_FIELD = 'deployment'
_MINUTES = 'InMinutes'
# Of DescribeServices.
ROLLING, IN_PROGRESS = 'ROLLING', 'IN_PROGRESS'

# Arguments of UpdateService that start a deployment.
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
DEPLOYING = frozenset(
    {
        'taskDefinition',
        'networkConfiguration',
        'platformVersion',
        'loadBalancers',
        'serviceRegistries',
        'serviceConnectConfiguration',
        'volumeConfigurations',
        'vpcLatticeConfigurations',
        'forceNewDeployment',
    }
)


def deployment_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The differences of two configurations in normal form, with the values as a stackfile has them."""
    return [
        Change(_path(change.path), _readable(change.path, change.before), _readable(change.path, change.after))
        for whole in differences(before, after)
        for change in _single(whole)
    ]


def _single(change: Change) -> list[Change]:
    """The change of a structure that comes or goes as those of its members."""
    if isinstance(change.before, Mapping) or isinstance(change.after, Mapping):
        return differences(change.before or {}, change.after or {}, change.path)
    return [change]


def without_foreign_steps(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration without the steps of another strategy than its own, which ECS refuses."""
    foreign = {f'{name}Configuration' for name in (LINEAR, CANARY) if name.upper() != configuration.get('strategy')}
    return {name: value for name, value in configuration.items() if name not in foreign}


def note_on_strategy(draft: Draft, arguments: Mapping[str, Any], changes: Iterable[Change]) -> None:
    """Note that UpdateService with these arguments changes the strategy and starts no deployment."""
    if any(change.path == f'{_FIELD}.strategy' for change in changes) and DEPLOYING.isdisjoint(arguments):
        draft.note('Another strategy starts no deployment: it counts from the next one on.')


def note_on_superseding(draft: Draft, arguments: Mapping[str, Any], service: Service) -> None:
    """Note that UpdateService with these arguments replaces a deployment in stages that is in progress.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
    """
    strategy = (service.members.get('deploymentConfiguration') or {}).get('strategy', ROLLING)
    if service.rollout_state == IN_PROGRESS and strategy != ROLLING and not DEPLOYING.isdisjoint(arguments):
        draft.note(
            f'A deployment in stages ({strategy.lower()}) is in progress, and the new one replaces it: ECS ends it, '
            'whatever it waits for. The new one begins with RECONCILE_SERVICE, where ECS removes what the replaced one '
            'left, and a rollback goes to the last deployment that was completed.'
        )


def _path(member: str) -> str:
    """The field of a member; the member itself below the nearest field where it has none."""
    known = _fields()
    above, rest = member, ''
    while above not in known and '.' in above:
        above, _, last = above.rpartition('.')
        rest = f'.{last}{rest}'
    return f'{_FIELD}.{known.get(above, above)}{rest}'


@cache
def _fields() -> dict[str, str]:
    """Dotted member of the deploymentConfiguration → dotted field of `deployment`."""
    found = dict(_below(entries(Deployment), '', ''))
    return {**found, 'lifecycleHooks': 'hooks'}


def _below(known: tuple[Entry, ...], member: str, field: str) -> Iterator[tuple[str, str]]:
    for entry in known:
        for target in entry.ecs:
            yield member + target.key, field + entry.name
            yield from _below(entry.shape.entries, f'{member}{target.key}.', f'{field}{entry.name}.')


def _readable(member: str, value: Any) -> Any:
    if member.endswith(_MINUTES) and isinstance(value, int):
        return write_duration(timedelta(minutes=value))
    return value.lower() if isinstance(value, str) and value.isupper() else value

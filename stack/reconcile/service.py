"""An ECS service and its task definition: created, updated in place, or replaced where ECS cannot update.

What UpdateService accepts: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.attached import Kept, Target, attached_tags, attachments, changed_attachments
from stack.reconcile.autoscaling import is_scaled
from stack.reconcile.definition import definition_changes, fingerprint, is_registered, serves
from stack.reconcile.deployment_changes import note_on_strategy, note_on_superseding
from stack.reconcile.destroy import delete_service
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.observed import Observed, Service, TaskDefinition
from stack.reconcile.plan import Action, Change, ResultOf, Row
from stack.reconcile.schedules import schedule_marks
from stack.reconcile.service_fields import Changed, changed_members, states_everything
from stack.reconcile.wanted import Wanted
from stack.stackfile.main_container import main_container

Ref = str | ResultOf


@dataclass(frozen=True)
class Parts:
    """Target groups and registry of the service, and the steps (`ready`) that it needs first.

    `kept`: its own target groups that predecessors of its load balancers serve. `interrupts`: one of those that serve
    has to be left before another one does.
    """

    targets: tuple[Target, ...] = ()
    kept: frozenset[str] = frozenset()
    registry: Ref | None = None
    ready: tuple[str | None, ...] = ()
    interrupts: bool = False


@dataclass(frozen=True)
class Definition:
    """The wanted task definition: its ARN, known or to come, and its differences from the running one.

    `rolled_back`: ECS rolled the wanted one back, and `ref` is the running one in its place.
    """

    ref: Ref
    changes: tuple[Change, ...] = ()
    known: TaskDefinition | None = None
    rolled_back: bool = False


def plan_definition(draft: Draft, wanted: Wanted, observed: Observed, retry: bool) -> Definition:
    """Register the task definition unless the running one, or the newest of the family, is equal.

    Without `retry`, a definition that ECS rolled back is not deployed again.
    """
    service = observed.service(wanted.service)
    running = observed.definitions.get(service.task_definition) if service else None
    if running and serves(wanted.definition, running):
        return Definition(running.arn, known=running)
    newest = observed.newest.get(wanted.family)
    before = running or (newest if wanted.is_task else None)
    changes = tuple(definition_changes(before.body if before else None, wanted.definition))
    if newest and is_registered(wanted.definition, newest):
        if running and newest.arn in observed.given_up and not retry:
            name = newest.arn.rpartition('/')[2]
            draft.note(f'ECS rolled back {name}; it is deployed again only after the next change or deploy.')
            return Definition(running.arn, known=running, rolled_back=True)
        return Definition(newest.arn, changes, newest)
    marks = {names.MADE_FOR_TAG: fingerprint(wanted.definition), **schedule_marks(wanted)}
    made = draft.add(
        'task-definition',
        'ecs:RegisterTaskDefinition',
        f'Register a task definition for {wanted.service}',
        {**wanted.definition, 'tags': [*wanted.definition.get('tags', ()), *names.ecs_tags(marks)]},
        # The mark of a schedule that goes is on the newest definition.
        after=[step.id for step in draft.steps],
        why=changes,
    )
    return Definition(ResultOf(made, 'taskDefinition.taskDefinitionArn'), changes)


def plan_service(draft: Draft, wanted: Wanted, definition: Definition, parts: Parts, observed: Observed) -> Row:
    """Add the steps that create, update or replace the service, and return its row. Raises `Blocked`."""
    service = observed.service(wanted.service)
    autoscaled = is_scaled(wanted, observed)
    if service is None or service.draining:
        gone = delete_service(draft, service, observed) if service else None
        _create(draft, wanted, definition, parts, observed.cluster, wanted.count, gone)
        return Row(wanted.service, 'create', definition.changes)
    taken_over = names.owner(service.tags) == draft.owner
    reasons = _cannot_be_changed(wanted, service, parts)
    if reasons:
        what = ', '.join(reason.path for reason in reasons)
        if not taken_over:
            raise Blocked(f'It was not created by Nysa, and ECS cannot change its {what}: delete it by hand first.')
        _refuse_the_same_again(wanted, service, what)
        draft.note(f'ECS cannot change {what} of a service: it is deleted and created again, and stops meanwhile.')
        count = service.desired_count if autoscaled else wanted.count
        prepared = [step.id for step in draft.steps if step.changes_something]
        gone = delete_service(draft, service, observed, why=reasons, after=[*prepared, *parts.ready], replaced=True)
        _create(draft, wanted, definition, parts, observed.cluster, count, gone)
        return Row(wanted.service, 'replace', (*reasons, *definition.changes))
    attached = attached_tags(parts.targets)
    tags = _tags(draft, wanted, service, {} if taken_over else {**draft.owner.tags, **attached})
    changes = _update(draft, wanted, definition, parts, service, observed, autoscaled)
    if taken_over:
        tags += _remember_attached(draft, service, attached)
    return Row(wanted.service, 'update' if changes or tags else 'nothing', changes)


def _remember_attached(draft: Draft, service: Service, attached: Mapping[str, str]) -> list[str]:
    """Tag the service with the target groups of others, once it is attached to them and no longer to previous ones."""
    before, after = (tags.get(names.ATTACHED_TAG, '') for tags in (service.tags, attached))
    if before == after or not service.taggable:
        return []
    updated = [step.id for step in draft.steps if step.kind == 'ecs:UpdateService']
    text = f'Tag the service {service.name} with its target groups'
    return [_tag(draft, service, 'attached', text, {names.ATTACHED_TAG: after}, after=updated)]


def plan_foreign_deployments(draft: Draft, wanted: Wanted, service: Service, observed: Observed) -> Row:
    """Add the steps for a service whose deployments CodeDeploy or another program drives: its count and tags.

    UpdateService refuses everything else. Raises `Blocked` where the stackfile does not name its `controller`.
    """
    if wanted.members.get('deploymentController', {}).get('type') != service.controller:
        raise Blocked(f'Its deployments are controlled by {service.controller}: it is not changed.')
    taken_over = names.owner(service.tags) == draft.owner
    tags = _tags(draft, wanted, service, {} if taken_over else draft.owner.tags)
    running = observed.definitions.get(service.task_definition)
    if running and not serves(wanted.definition, running):
        draft.note(f'Its task definition differs from the desired one: {service.controller} deploys it, not Nysa.')
    autoscaled = is_scaled(wanted, observed)
    changes: tuple[Change, ...] = ()
    if service.scheduling_strategy == 'REPLICA' and not autoscaled and wanted.count != service.desired_count:
        changes = (Change('desired_count', service.desired_count, wanted.count),)
        draft.add(
            'service',
            'ecs:UpdateService',
            f'Update the service {wanted.service} (desired_count)',
            {'cluster': draft.owner.cluster, 'service': wanted.service, 'desiredCount': wanted.count},
            why=changes,
        )
    return Row(wanted.service, 'update' if changes or tags else 'nothing', changes)


def _tags(draft: Draft, wanted: Wanted, service: Service, marks: Mapping[str, str]) -> list[str]:
    """Add the steps that set the stackfile's tags and Nysa's (`marks`, empty once it has them); other tags stay."""
    if not service.taggable:
        if marks:
            draft.note(
                'ECS cannot tag it, since its ARN is of the old format without the name of the cluster: it is updated '
                'as all others, but neither replaced nor destroyed.'
            )
        return []
    steps = []
    missing = {key: value for key, value in wanted.tags.items() if service.tags.get(key) != value}
    if marks:
        whole = {names.WHOLE_TAG: 'true'} if states_everything(wanted, service) else {}
        connected = {key: missing.pop(key) for key in [names.CONNECT_TAG] if key in missing}
        marks = {**marks, **whole, **connected}
        steps.append(_tag(draft, service, 'take-over', f'Take over the service {service.name}', marks))
    if missing:
        steps.append(_tag(draft, service, 'tags', f'Tag the service {service.name}', missing))
    return steps


def _tag(
    draft: Draft, service: Service, name: str, text: str, tags: Mapping[str, str], *, after: Iterable[str] = ()
) -> str:
    return draft.add(
        f'service/{name}',
        'ecs:TagResource',
        text,
        {'resourceArn': service.arn, 'tags': names.ecs_tags(tags)},
        after=after,
        why=[Change('tags', {key: service.tags[key] for key in tags if key in service.tags} or None, tags)],
    )


def _cannot_be_changed(wanted: Wanted, service: Service, parts: Parts) -> list[Change]:
    """The differences that UpdateService refuses."""
    found = []
    if wanted.scheduling_strategy != service.scheduling_strategy:
        found.append(Change('scheduling_strategy', service.scheduling_strategy, wanted.scheduling_strategy))
    # A service without a launch type has a capacity provider strategy.
    if service.launch_type and wanted.launch_type and wanted.launch_type != service.launch_type:
        found.append(Change('launch_type', service.launch_type, wanted.launch_type))
    if service.network and not wanted.network:
        found.append(Change('network_mode', 'awsvpc', wanted.definition.get('networkMode', 'bridge')))
    classic = [
        attachment['loadBalancerName'] for attachment in service.load_balancers if attachment.get('loadBalancerName')
    ]
    if classic and parts.targets:
        found.append(Change('elb.type', f'classic ({classic[0]})', 'application'))
    return found


def _refuse_the_same_again(wanted: Wanted, service: Service, what: str) -> None:
    """Raise `Blocked` where the service was created for the same settings before: another would be the same."""
    if service.tags.get(names.MADE_FOR_TAG) == _made_for(wanted):
        raise Blocked(f'It was created for this already, and ECS shows another {what}: it is not replaced again.')


def _made_for(wanted: Wanted) -> str:
    """The settings that ECS cannot change later, as the value of a tag."""
    mode = 'awsvpc' if wanted.network else 'host'
    return f'{wanted.launch_type or "providers"}/{wanted.scheduling_strategy}/{mode}'


def _create(
    draft: Draft, wanted: Wanted, definition: Definition, parts: Parts, cluster: str, count: int, gone: str | None
) -> None:
    replica = wanted.scheduling_strategy == 'REPLICA'
    arguments: dict[str, Any] = {
        'cluster': cluster,
        'serviceName': wanted.service,
        'taskDefinition': definition.ref,
        **wanted.members,
        **({'desiredCount': count} if replica else {}),
        **_joined(wanted, definition, parts),
        'tags': names.ecs_tags(
            {
                **wanted.tags,
                **draft.owner.tags,
                **attached_tags(parts.targets),
                names.MADE_FOR_TAG: _made_for(wanted),
            }
        ),
    }
    tasks = f'{count} task{"" if count == 1 else "s"}' if replica else 'a task on each instance'
    text = f'Create the service {wanted.service} with {tasks}'
    draft.add('service', 'ecs:CreateService', text, arguments, after=[gone, *parts.ready])


def _joined(wanted: Wanted, definition: Definition, parts: Parts) -> dict[str, list[dict[str, Any]]]:
    joined: dict[str, list[dict[str, Any]]] = {}
    if parts.targets:
        stated = wanted.members.get('loadBalancers') or []
        joined['loadBalancers'] = [*stated, *attachments(parts.targets, _container(wanted, definition))]
    if parts.registry:
        joined['serviceRegistries'] = [{'registryArn': parts.registry}]
    return joined


def _container(wanted: Wanted, definition: Definition) -> str:
    """The name of the main container in the wanted task definition; in an adopted one it may be another."""
    name = str(main_container(wanted.definition)['name'])
    return str(main_container(definition.known.body, name)['name']) if definition.known else name


def _update(
    draft: Draft,
    wanted: Wanted,
    definition: Definition,
    parts: Parts,
    service: Service,
    observed: Observed,
    autoscaled: bool,
) -> tuple[Change, ...]:
    arguments: dict[str, Any] = {}
    changes = list(definition.changes)
    if definition.ref != service.task_definition:
        arguments['taskDefinition'] = definition.ref
    if service.scheduling_strategy == 'REPLICA' and not autoscaled and wanted.count != service.desired_count:
        arguments['desiredCount'] = wanted.count
        changes.append(Change('desired_count', service.desired_count, wanted.count))
    kept = _kept(wanted, definition, parts)
    members, more = changed_members(wanted, service)
    arguments |= members
    changes += more
    for name, found in (
        ('loadBalancers', changed_attachments(draft, parts.targets, service, observed, kept)),
        ('serviceRegistries', _registries(draft, wanted, kept, parts, service, observed)),
    ):
        if found:
            arguments[name], more = found
            changes += more
    if arguments:
        note_on_strategy(draft, arguments, changes)
        note_on_superseding(draft, arguments, service)
        draft.add(
            'service',
            'ecs:UpdateService',
            f'Update the service {wanted.service} ({_listed(changes)})',
            {'cluster': observed.cluster, 'service': wanted.service, **arguments},
            after=parts.ready,
            why=changes,
            interrupts=parts.interrupts,
        )
    return tuple(changes)


def _kept(wanted: Wanted, definition: Definition, parts: Parts) -> Kept:
    body = definition.known.body if definition.known else wanted.definition
    return Kept(
        groups=parts.kept,
        stated=wanted.members.get('loadBalancers'),
        containers=frozenset(container['name'] for container in body['containerDefinitions']),
        main=_container(wanted, definition),
    )


def settings_changes(wanted: Wanted, service: Service) -> list[Change]:
    """The differences of the service, except its count, load balancers and registries."""
    return changed_members(wanted, service)[1]


def _listed(changes: list[Change], most: int = 4) -> str:
    paths = list(dict.fromkeys(change.path for change in changes))
    more = f' and {len(paths) - most} more' if len(paths) > most else ''
    return (', '.join(paths[:most]) + more) or 'task definition'


def _registries(
    draft: Draft, wanted: Wanted, kept_parts: Kept, parts: Parts, service: Service, observed: Observed
) -> Changed:
    """The registry of another owner stays, unless the stackfile wants one: ECS accepts only one."""
    own = {registry.arn for registry in observed.index.registries_of(draft.owner)}
    before = [{key: value for key, value in registry.items() if value} for registry in service.registries]
    stated = wanted.members.get('serviceRegistries')
    kept = (
        [attachment for attachment in before if attachment.get('registryArn') not in own] if stated is None else stated
    )
    after = [kept_parts.with_container(attachment) for attachment in kept]
    if parts.registry:
        after = [{'registryArn': parts.registry}]
    if before == after or (
        parts.registry and [attachment.get('registryArn') for attachment in before] == [parts.registry]
    ):
        return None
    known = observed.index.registries
    was, becomes = (
        [known[arn].name if arn in known else str(arn) for registry in some if (arn := registry.get('registryArn'))]
        for some in (before, after)
    )
    if wanted.registry:
        becomes = [wanted.registry.name]
    return after, [Change('dns_discovery', ', '.join(was) or None, ', '.join(becomes) or None)]


def in_full(row: Row, draft: Draft) -> Row:
    """The row with the changes of the parts; they too count as an update of the service."""
    changes = list(row.changes)
    for step in draft.steps:
        changes += [change for change in step.why if change not in changes]
    action: Action = 'update' if row.action == 'nothing' and draft.steps else row.action
    return Row(row.service, action, tuple(changes))

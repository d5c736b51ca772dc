"""The planner: compares desired and observed state, service by service, in the order of the document.

Pure and idempotent: once the steps are done, the next plan is empty. A resource without Nysa's tags is never deleted; a
resource that the desired state names is adopted, with a step that the plan shows.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from stack.reconcile import names
from stack.reconcile.attached import plan_others_group
from stack.reconcile.autoscaling import plan_autoscaling, plan_removal
from stack.reconcile.connect import in_known_namespace, plan_connect
from stack.reconcile.destroy import delete_rule, delete_service, has_leftovers, own_rules, plan_destroy, plan_leftovers
from stack.reconcile.discovery import plan_namespace, plan_registry
from stack.reconcile.draft import Blocked, Draft
from stack.reconcile.handover import plan_handover
from stack.reconcile.kept import with_kept
from stack.reconcile.leaving_rules import plan_leaving_rules, plan_marks
from stack.reconcile.ledger import EMPTY, Ledger
from stack.reconcile.listeners import Listeners, find_listeners, plan_all_routed
from stack.reconcile.load_balancer import plan_load_balancers
from stack.reconcile.logs import plan_log_group
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed, Service
from stack.reconcile.observed_balancers import LoadBalancer, TargetGroup
from stack.reconcile.observed_names import Registry
from stack.reconcile.plan import Change, Note, Plan, Row
from stack.reconcile.scaling_policies import counted_as_attached, counted_requests
from stack.reconcile.schedules import plan_group_deletion, plan_schedule, plan_unschedule
from stack.reconcile.service import Definition, Parts, in_full, plan_definition, plan_foreign_deployments, plan_service
from stack.reconcile.shared_balancers import plan_unused
from stack.reconcile.stops import plan_stop
from stack.reconcile.tasks import plan_run
from stack.reconcile.tested import plan_no_tests
from stack.reconcile.turn import Findings, Turn
from stack.reconcile.turns import Turns
from stack.reconcile.vpc import in_own_vpc, misstated
from stack.reconcile.wanted import Wanted, faults, wanted_services
from stack.reconcile.wanted_shared import wanted_shared


def plan(
    document: Mapping[str, Any],
    observed: Observed,
    *,
    revision: str,
    destroyed: Collection[str] = (),
    prune: bool = False,
    retry: bool = True,
    retried: Collection[str] = (),
    region: str | None = None,
    ledger: Ledger = EMPTY,
    asked_at: float | None = None,
) -> Plan:
    """The plan that makes the cluster match the desired state.

    `destroyed`: services that may be destroyed if the document no longer has them; with `prune`, all of Nysa's.
    `retry`: deploy again what ECS rolled back, without it only the services in `retried`. `revision`: the one for which
    tasks of `type: task` run once. `ledger`: what is recorded of tasks before and after rollouts; those that failed run
    again where a change or deploy was requested later, at `asked_at` (seconds since the epoch).
    """
    wanted = wanted_services(observed.cluster, document, region)
    unclear = faults(observed.cluster, document)
    claims: dict[tuple[str, str], str] = {}
    records = frozenset(record for other in wanted.values() for record in other.balancers.records)
    shared = Draft(Owner(observed.cluster))
    serving = {name: each for name, each in wanted.items() if not each.runs_once and not each.schedule}
    clear = [each for name, each in serving.items() if name not in unclear]
    listeners = find_listeners(shared, wanted_shared(observed.cluster, document, serving), clear, observed)
    drafts: list[Draft] = [shared]
    found: dict[str, Row] = {}
    turns = Turns(wanted, Findings(observed, ledger), revision, asked_at)
    for service in [wanted[name] for name in turns.order]:
        turn = turns.take(service, Draft(Owner(observed.cluster, service.service), records))
        turn.retry = retry or service.service in retried
        try:
            if service.service in unclear:
                raise Blocked(unclear[service.service])
            turns.check(service)
            service = in_own_vpc(service, observed)
            _claim_record(service, claims)
            row = turn.conclude(_service(turn, shared, listeners, service, observed), turns.needed(service))
        except Blocked as blocked:
            row = turn.block(blocked)
        drafts.append(turn.draft)
        found[service.service] = row
    rows = [found[name] for name in wanted]
    for name in going(wanted, observed, destroyed, prune):
        draft = Draft(Owner(observed.cluster, name), records)
        plan_destroy(draft, observed)
        drafts.append(draft)
        if draft.steps:
            rows.append(Row(name, 'destroy'))
    plan_group_deletion(drafts, observed)
    drafts.append(_unused(listeners, drafts, observed))
    upkeep, ends = turns.upkeep()
    stated = document['vpc'].get('id') if isinstance(document.get('vpc'), Mapping) else None
    plan = _put_together(observed, wanted, rows, [*drafts, *upkeep], misstated(stated, observed))
    return turns.placed(plan, ends)


def _unused(listeners: Listeners, drafts: Sequence[Draft], observed: Observed) -> Draft:
    """The deletion of shared load balancers that no service uses, after the rules of services."""
    last = Draft(Owner(observed.cluster))
    deleted = [step for draft in drafts for step in draft.steps if step.kind == 'elbv2:DeleteRule']
    plan_unused(last, listeners.shared, observed, deleted)
    return last


def _put_together(
    observed: Observed,
    wanted: Mapping[str, Wanted],
    rows: list[Row],
    drafts: list[Draft],
    notes: tuple[Note, ...],
) -> Plan:
    seen_to = {*wanted, *(row.service for row in rows)}
    return Plan(
        observed.cluster,
        tuple(rows),
        tuple(step for draft in drafts for step in draft.steps),
        tuple(note for draft in drafts for note in draft.notes) + _cluster_notes(wanted, observed) + notes,
        tuple(
            sorted(
                service.name for service in observed.services.values() if service.active and service.name not in seen_to
            )
        ),
    )


def _claim_record(wanted: Wanted, claims: dict[tuple[str, str], str]) -> None:
    for record in wanted.balancers.records:
        first = claims.setdefault(record, wanted.service)
        if first != wanted.service:
            raise Blocked(f'Its record {record[1]} is already that of {first}.')


def _service(turn: Turn, shared: Draft, listeners: Listeners, wanted: Wanted, observed: Observed) -> Row:
    """Add all steps for one service. Where it is blocked, `shared` contains only steps that others can use."""
    draft, service = turn.draft, observed.service(wanted.service)
    if service:
        wanted = with_kept(wanted, service, observed.definitions.get(service.task_definition))
    turn.wanted = wanted
    if service and (row := plan_stop(draft, observed)):
        return row
    if failed := turn.failed_after():
        return turn.plan_rollback(failed)
    if service and not service.draining and service.controller != 'ECS':
        return _scaled(plan_foreign_deployments(draft, wanted, service, observed), draft, wanted, service, observed)
    wanted = in_known_namespace(wanted, service, observed.connect_namespaces)
    log_group = turn.log_group = plan_log_group(shared, wanted.log_group, observed) if wanted.log_group else None
    first = [log_group, *plan_unschedule(draft, wanted, observed)]
    definition = turn.definition = plan_definition(draft, wanted, observed, turn.retry)
    if wanted.runs_once:
        runs = plan_run(draft, wanted, definition, observed, turn.occasion.revision, first)
        row = Row(wanted.service, 'run' if runs else 'nothing', definition.changes if runs else ())
        return _without_service(draft, row, definition, observed)
    if wanted.schedule:
        row = _scheduled(draft, shared, wanted, definition, observed, after=[log_group])
        return _without_service(draft, row, definition, observed)
    attached = plan_load_balancers(draft, wanted.balancers.own, observed)
    attached += plan_all_routed(draft, wanted, listeners, observed, bool(attached))
    targets = [each.target for each in attached]
    targets += [plan_others_group(other, observed) for other in wanted.balancers.others]
    registry = None
    if wanted.registry:
        namespace = plan_namespace(shared, wanted.registry, observed, observed.service(wanted.service))
        registry = plan_registry(draft, wanted.registry, namespace, observed)
    stopped = plan_removal(draft, observed) if wanted.scaling is None and wanted.declared is None else []
    connected = plan_connect(shared, wanted, observed, service)
    ready = (log_group, connected, *stopped, *(step for each in attached for step in each.ready))
    leaving = plan_leaving_rules(draft, wanted, attached, observed)
    kept = leaving.kept.union(*(each.also for each in attached))
    gap = any(each.interrupts for each in attached)
    row = plan_service(draft, wanted, definition, Parts(tuple(targets), kept, registry, ready, gap), observed)
    plan_autoscaling(draft, wanted, observed, counted_requests(attached, targets, observed))
    for each in attached:
        plan_handover(each, observed)
        if each.untested:
            plan_no_tests(each.draft, each.untested, observed)
    plan_marks(draft, leaving, observed)
    seen_to = (_named(wanted, observed) | leaving.stay | leaving.kept).union(*(each.seen_to for each in attached))
    if wanted.declared is None:
        _leftovers(draft, observed, seen_to | ({registry} if isinstance(registry, str) else set()))
    return in_full(row, draft)


def _named(wanted: Wanted, observed: Observed) -> frozenset[str]:
    """Target groups that the document names by their ARNs, with the load balancers that lead to them."""
    stated = {part.get('targetGroupArn') for part in wanted.members.get('loadBalancers') or ()} - {None}
    groups = stated | {other.arn for other in wanted.balancers.others}
    leading = observed.index.leading
    return frozenset(groups).union(*(leading.get(group, ()) for group in groups))


def _scaled(row: Row, draft: Draft, wanted: Wanted, service: Service, observed: Observed) -> Row:
    """The row of a service whose deployments another program drives, with its autoscaling."""
    before = len(draft.steps)
    if wanted.scaling is None and wanted.declared is None:
        plan_removal(draft, observed)
    plan_autoscaling(draft, wanted, observed, counted_as_attached(service, observed))
    return in_full(row, draft) if len(draft.steps) > before else row


def _scheduled(
    draft: Draft,
    shared: Draft,
    wanted: Wanted,
    definition: Definition,
    observed: Observed,
    *,
    after: Sequence[str | None],
) -> Row:
    changes = plan_schedule(draft, shared, wanted, definition.ref, observed, after=after)
    created = any(step.kind == 'scheduler:CreateSchedule' for step in draft.steps)
    if not draft.steps:
        return Row(wanted.service, 'nothing')
    return Row(wanted.service, 'create' if created else 'update', (*changes, *definition.changes))


def _without_service(draft: Draft, row: Row, definition: Definition, observed: Observed) -> Row:
    """The row of a task, with the deletion of a service of that name in ECS. Raises `Blocked`."""
    service = observed.service(draft.service)
    if service is None:
        return row
    if names.owner(service.tags) != draft.owner:
        raise Blocked('A service of that name runs in ECS, and was not created by Nysa: delete it by hand first.')
    gone = delete_service(draft, service, observed, why=[Change('type', 'service', 'task')])
    deleted = [delete_rule(draft, rule, after=[gone]) for rule in own_rules(draft, observed)]
    plan_leftovers(draft, observed, frozenset(), after=[gone, *deleted])
    return Row(draft.service, 'replace', (Change('type', 'service', 'task'), *definition.changes))


def _leftovers(draft: Draft, observed: Observed, seen_to: frozenset[str]) -> None:
    """Add the deletion of parts that the service no longer has, after its last task with them."""
    if not has_leftovers(observed, draft.owner, seen_to):
        return
    service = observed.service(draft.service)
    gone = [step.id for step in draft.steps if step.id.endswith('/service/gone')]
    changing = [step.id for step in draft.steps if step.kind in ('ecs:UpdateService', 'ecs:CreateService')]
    after: list[str | None] = [*(gone or changing)]
    if service and not gone and (changing or service.deployments > 1):
        text = f'Wait until no task of {service.name} uses its old parts'
        after = [draft.wait_for_rollout('service/rolled-out', text, changing)]
    plan_leftovers(draft, observed, seen_to, after)


def going(
    wanted: Collection[str], observed: Observed, destroyed: Collection[str] = (), prune: bool = False
) -> list[str]:
    """Services to destroy: the requested ones, with `prune` all of Nysa's, and unfinished deletions that left parts."""
    found = {name for name in destroyed if name not in wanted}
    marked: Sequence[LoadBalancer | TargetGroup | Registry | Service] = (
        *observed.load_balancers,
        *observed.target_groups,
        *observed.registries,
        *observed.services.values(),
    )
    owners = {names.owner(resource.tags) for resource in marked}
    owners |= {names.described_owner(str(seen.get('Description'))) for seen in observed.schedules.values()}
    for whose in owners:
        if whose and whose.cluster == observed.cluster and whose.service and whose.service not in wanted:
            service = observed.services.get(whose.service)
            if prune or not (service and service.active):
                found.add(whose.service)
    return sorted(found)


def _cluster_notes(wanted: Mapping[str, Wanted], observed: Observed) -> tuple[Note, ...]:
    on_instances = [service.service for service in wanted.values() if service.launch_type == 'EC2' and service.count]
    if on_instances and not observed.container_instances:
        return (Note(None, 'The cluster has no container instance: no task can start.'),)
    return ()

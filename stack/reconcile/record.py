"""The Route 53 alias that points at a service's load balancer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import LoadBalancer, TargetGroup
from stack.reconcile.observed_names import Record
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.planned_balancer import PlannedBalancer


@dataclass(frozen=True)
class Alias:
    """The records of a load balancer. `holder` is tagged with them; None where this plan creates it with its tags.

    `records` has the hosted zone and name of each. `interrupts`: clients are refused by the load balancer.
    """

    records: tuple[tuple[str, str], ...]
    balancer: PlannedBalancer
    holder: LoadBalancer | TargetGroup | None
    interrupts: bool = False


def plan_record(draft: Draft, alias: Alias, observed: Observed, after: Sequence[str | None] = ()) -> list[str]:
    """Create or change the aliases, delete previous ones, and return the steps that point them.

    `after`: steps that come first.
    """
    there, holder = alias.balancer.there, alias.holder
    current = names.alias_target(there.dns_name) if there else None
    set_up: list[str] = []
    for place in alias.records:
        record = record_at(observed, *place)
        if record is None or record.target != current:
            set_up.append(_point(draft, place, record, alias, after))
    if holder is None:
        return set_up
    removed = []
    for old in names.tagged_records(holder.tags.get(names.RECORD_TAG, '')):
        record = record_at(observed, *old)
        if record and record.target == current and old not in draft.records:
            removed.append(delete_record(draft, record, after=[*set_up]))
    tag = names.records_tag(alias.records) or None
    if tag != holder.tags.get(names.RECORD_TAG):
        _remember(draft, holder, tag, [*set_up, *removed])
    return set_up


def leads_elsewhere(alias: Alias, observed: Observed) -> bool:
    """Whether a record exists and points elsewhere."""
    there = alias.balancer.there
    found = [record for place in alias.records if (record := record_at(observed, *place))]
    return any(there is None or record.target != names.alias_target(there.dns_name) for record in found)


def record_at(observed: Observed, zone: str, name: str) -> Record | None:
    wanted = (zone, names.dns_name(name), 'A')
    return observed.index.records.get(wanted)


def _point(
    draft: Draft,
    place: tuple[str, str],
    record: Record | None,
    alias: Alias,
    after: Sequence[str | None],
) -> str:
    hosted_zone, name = place
    before = None
    if record:
        before = record.target or [value.get('Value') for value in record.found.get('ResourceRecords') or ()]
    balancer, dns = alias.balancer, alias.balancer.dns
    target = {'HostedZoneId': balancer.zone, 'DNSName': dns, 'EvaluateTargetHealth': False}
    return draft.add(
        'record' if place == alias.records[0] else f'record/{name}',
        'route53:ChangeResourceRecordSets',
        f'Point {name} at {balancer.name}',
        {
            'HostedZoneId': hosted_zone,
            'ChangeBatch': {
                'Changes': [
                    {
                        'Action': 'UPSERT',
                        'ResourceRecordSet': {'Name': name, 'Type': 'A', 'AliasTarget': target},
                    }
                ]
            },
        },
        after=after,
        interrupts=alias.interrupts,
        why=[Change('elb.dns.record_name', before, name if isinstance(dns, ResultOf) else names.alias_target(dns))],
    )


def delete_record(draft: Draft, record: Record, after: list[str | None]) -> str:
    return draft.add(
        f'record/delete/{record.name}',
        'route53:ChangeResourceRecordSets',
        f'Delete the record {record.name}',
        {
            'HostedZoneId': record.zone,
            'ChangeBatch': {'Changes': [{'Action': 'DELETE', 'ResourceRecordSet': dict(record.found)}]},
        },
        after=after,
        why=[Change('elb.dns.record_name', record.name, None)],
    )


def _remember(draft: Draft, there: LoadBalancer | TargetGroup, tag: str | None, after: list[str | None]) -> None:
    """Tag the load balancer or target group with its record, after the record is there."""
    why = [Change(f'tags.{names.RECORD_TAG}', there.tags.get(names.RECORD_TAG), tag)]
    kind, tags = 'elbv2:RemoveTags', dict[str, Any](TagKeys=[names.RECORD_TAG])
    if tag:
        kind, tags = 'elbv2:AddTags', {'Tags': names.tag_list({names.RECORD_TAG: tag})}
    text = f'Tag {there.name} with its records'
    draft.add('record/tag', kind, text, {'ResourceArns': [there.arn], **tags}, after=after, why=why)

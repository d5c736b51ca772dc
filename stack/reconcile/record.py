"""The Route 53 alias that points at a service's load balancer."""

from collections.abc import Sequence
from typing import Any

from stack.reconcile import names
from stack.reconcile.draft import Draft
from stack.reconcile.observed import LoadBalancer, Observed, Record
from stack.reconcile.plan import Change, ResultOf
from stack.reconcile.planned_balancer import PlannedBalancer
from stack.reconcile.wanted_balancers import Balancer


def plan_record(
    draft: Draft, wanted: Balancer, observed: Observed, balancer: PlannedBalancer, after: Sequence[str | None] = ()
) -> str | None:
    """Create or change the alias, delete the load balancer's previous one, and return the step that points it, if any.

    `after`: steps that come first.
    """
    there = balancer.there
    current = names.alias_target(there.dns_name) if there else None
    set_up = removed = None
    if wanted.record:
        record = record_at(observed, *wanted.record)
        if record is None or record.target != current:
            set_up = _point(draft, wanted.record, record, balancer, after)
    if there is None:
        return set_up
    old = names.tagged_record(there.tags.get(names.RECORD_TAG, ''))
    if old and old not in draft.records:
        record = record_at(observed, *old)
        if record and record.target == current:
            removed = delete_record(draft, record, after=[set_up])
    tag = names.record_tag(*wanted.record) if wanted.record else None
    if tag != there.tags.get(names.RECORD_TAG):
        _remember(draft, there, tag, [set_up, removed])
    return set_up


def record_at(observed: Observed, zone: str, name: str) -> Record | None:
    wanted = (zone, names.dns_name(name), 'A')
    return next((record for record in observed.records if (record.zone, record.name, record.type) == wanted), None)


def _point(
    draft: Draft,
    place: tuple[str, str],
    record: Record | None,
    balancer: PlannedBalancer,
    after: Sequence[str | None],
) -> str:
    hosted_zone, name = place
    before = None
    if record:
        before = record.target or [value.get('Value') for value in record.found.get('ResourceRecords') or ()]
    dns = balancer.dns
    alias = {'HostedZoneId': balancer.zone, 'DNSName': dns, 'EvaluateTargetHealth': False}
    return draft.add(
        'record',
        'route53:ChangeResourceRecordSets',
        f'Point {name} at {balancer.name}',
        {
            'HostedZoneId': hosted_zone,
            'ChangeBatch': {
                'Changes': [
                    {
                        'Action': 'UPSERT',
                        'ResourceRecordSet': {'Name': name, 'Type': 'A', 'AliasTarget': alias},
                    }
                ]
            },
        },
        after=after,
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


def _remember(draft: Draft, there: LoadBalancer, tag: str | None, after: list[str | None]) -> None:
    """Tag the load balancer with the record that points at it, after the record does."""
    why = [Change(f'tags.{names.RECORD_TAG}', there.tags.get(names.RECORD_TAG), tag)]
    kind, tags = 'elbv2:RemoveTags', dict[str, Any](TagKeys=[names.RECORD_TAG])
    if tag:
        kind, tags = 'elbv2:AddTags', {'Tags': names.tag_list({names.RECORD_TAG: tag})}
    text = f'Tag {there.name} with the record that points at it'
    draft.add('record/tag', kind, text, {'ResourceArns': [there.arn], **tags}, after=after, why=why)

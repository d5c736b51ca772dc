"""The adapter of Route 53."""

from collections.abc import Collection
from typing import Any

from stack.aws.client import AwsClient
from stack.errors import AwsFailed
from stack.reconcile.names import alias_target, dns_name
from stack.reconcile.observed_names import Record

# As many as ListResourceRecordSets gives at once: calls are few, at 5 a second for a whole account.
MOST_RECORDS = '300'


async def address_records(aws: AwsClient, zone: str, names: Collection[str]) -> list[Record]:
    """The A records of names in a hosted zone, those that there are; none where there is no such zone.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html (in the order of the names'
    labels, from the last: those of one zone are often on one page)
    """
    missing = sorted(set(map(dns_name, names)), key=lambda name: name.split('.')[::-1])
    found: list[Record] = []
    while missing:
        try:
            answer = await aws.call(
                'route53',
                'ListResourceRecordSets',
                HostedZoneId=zone,
                StartRecordName=missing[0],
                StartRecordType='A',
                MaxItems=MOST_RECORDS,
            )
        except AwsFailed as failed:
            if failed.aws_code == 'NoSuchHostedZone':
                return found
            raise
        records = [Record.read(zone, each) for each in answer['ResourceRecordSets']]
        page = {record.name: record for record in records if record.type == 'A'}
        found += [page[name] for name in missing if name in page]
        # Of the first it is certain now; others that are not on the page may be on a later one.
        missing = [name for name in missing[1:] if name not in page]
    return found


async def aliases(aws: AwsClient, targets: Collection[str]) -> tuple[Record, ...]:
    """The aliases in all hosted zones that point at any of the DNS names: each zone is read as a whole.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html
    """
    wanted = {alias_target(each) for each in targets}
    if not wanted:
        return ()
    zones = await aws.pages('route53', 'ListHostedZones', 'HostedZones', token=('NextMarker', 'Marker'))
    found: list[Record] = []
    for zone in zones:
        id = zone['Id'].removeprefix('/hostedzone/')
        found += [Record.read(id, each) for each in await _records(aws, id) if 'AliasTarget' in each]
    return tuple(each for each in found if each.target in wanted)


async def _records(aws: AwsClient, zone: str) -> list[dict[str, Any]]:
    """All record sets of a zone; the token of the next page has up to three parts."""
    found: list[dict[str, Any]] = []
    start: dict[str, str] = {}
    while True:
        answer = await aws.call('route53', 'ListResourceRecordSets', HostedZoneId=zone, **start)
        found += answer['ResourceRecordSets']
        if not answer['IsTruncated']:
            return found
        start = {
            f'StartRecord{part}': answer[f'NextRecord{part}']
            for part in ('Name', 'Type', 'Identifier')
            if f'NextRecord{part}' in answer
        }

"""Route 53, as far as Nysa asks it."""

from stack.aws.paced import PacedConnection
from stack.errors import AwsFailed
from stack.reconcile.names import dns_name
from stack.reconcile.observed import Record


async def address_record(aws: PacedConnection, zone: str, name: str) -> Record | None:
    """The A record of a name in a hosted zone; None where there is none, or no such zone.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html
    """
    try:
        answer = await aws.call(
            'route53',
            'ListResourceRecordSets',
            HostedZoneId=zone,
            StartRecordName=name,
            StartRecordType='A',
            MaxItems='1',
        )
    except AwsFailed as failed:
        if failed.aws_code == 'NoSuchHostedZone':
            return None
        raise
    for found in answer['ResourceRecordSets']:
        record = Record.read(zone, found)
        if (record.name, record.type) == (dns_name(name), 'A'):
            return record
    return None

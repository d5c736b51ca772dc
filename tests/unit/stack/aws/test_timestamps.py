"""Timestamps are the moments that botocore reads."""

import pytest
from botocore.utils import parse_timestamp

from stack.aws.bulkhead import DEFAULT
from stack.aws.clients import Clients
from stack.aws.timestamps import parse

STAMPS = (
    'Mon, 30 Nov 2026 14:32:20 GMT',
    '2026-11-30T14:32:20.000Z',
    '2026-11-30T14:32:20Z',
    '2026-11-30T14:32:20.123+02:00',
    '2026-11-30 14:32:20',
    '2026-11-30',
    '1764513140',
    '1764513140.25',
    '20261130T143220Z',
    1764513140,
    1764513140.25,
)


@pytest.mark.parametrize('stamp', STAMPS)
def test_a_moment_is_the_one_that_botocore_reads(stamp: str | float):
    assert parse(stamp) == parse_timestamp(stamp)


@pytest.mark.parametrize('stamp', ['', 'soon', '2026-13-01', 'Mon, 99 Nov 2026 14:32:20 GMT'])
def test_what_is_no_moment_is_refused(stamp: str):
    with pytest.raises(ValueError, match='Invalid timestamp'):
        parse(stamp)


def test_clients_parse_them_here():
    client = Clients().of('s3', 'eu-west-1', 's3', DEFAULT)
    assert client._endpoint._response_parser_factory.create_parser('rest-xml')._timestamp_parser is parse

import pytest

from stack.aws import route53
from stack.errors import AwsFailed
from tests.unit.stack.aws.stubbed import run, stubbed


def alias(name: str, target: str = 'dualstack.X.elb.amazonaws.com.') -> dict:
    return {
        'Name': name,
        'Type': 'A',
        'AliasTarget': {'HostedZoneId': 'ZELB', 'DNSName': target, 'EvaluateTargetHealth': False},
    }


def page(*records: dict, more: dict | None = None) -> dict:
    return {'ResourceRecordSets': list(records), 'IsTruncated': bool(more), 'MaxItems': '300', **(more or {})}


def start(name: str) -> dict:
    return {'HostedZoneId': 'Z1', 'StartRecordName': name, 'StartRecordType': 'A', 'MaxItems': '300'}


def test_names_on_one_page_take_one_call():
    with stubbed('route53') as (aws, stub):
        records = [alias('a.example.com.'), {'Name': 'b.example.com.', 'Type': 'TXT'}, alias('b.example.com.')]
        stub.add_response('list_resource_record_sets', page(*records), start('a.example.com'))
        found = run(route53.address_records(aws, 'Z1', ['b.example.com', 'A.example.com.']))
    assert [each.name for each in found] == ['a.example.com', 'b.example.com']
    assert found[0].target == 'x.elb.amazonaws.com'


def test_a_name_that_is_not_on_the_page_is_looked_for_where_it_would_stand():
    with stubbed('route53') as (aws, stub):
        stub.add_response('list_resource_record_sets', page(alias('c.example.com.')), start('a.example.com'))
        stub.add_response('list_resource_record_sets', page(alias('z.example.com.')), start('z.example.com'))
        found = run(route53.address_records(aws, 'Z1', ['a.example.com', 'z.example.com']))
    assert [each.name for each in found] == ['z.example.com']


def test_a_wildcard_is_given_in_octal():
    with stubbed('route53') as (aws, stub):
        stub.add_response('list_resource_record_sets', page(alias('\\052.example.com.')), start('*.example.com'))
        assert len(run(route53.address_records(aws, 'Z1', ['*.example.com']))) == 1


def test_a_zone_that_is_not_there_has_no_records():
    with stubbed('route53') as (aws, stub):
        stub.add_client_error('list_resource_record_sets', 'NoSuchHostedZone')
        assert run(route53.address_records(aws, 'Z1', ['a.example.com'])) == []


def test_a_zone_that_may_not_be_seen_is_not_one_that_is_not_there():
    with stubbed('route53') as (aws, stub):
        stub.add_client_error('list_resource_record_sets', 'AccessDenied')
        with pytest.raises(AwsFailed):
            run(route53.address_records(aws, 'Z1', ['a.example.com']))

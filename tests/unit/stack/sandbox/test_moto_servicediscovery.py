import pytest
from botocore.exceptions import ClientError

from tests.aws import Aws


def test_namespaces_of_one_name_exist_in_several_vpcs_and_their_zones_name_them(aws: Aws):
    cloud_map, ec2 = aws.client('servicediscovery'), aws.client('ec2')
    vpcs = [ec2.create_vpc(CidrBlock=f'10.{n}.0.0/16')['Vpc']['VpcId'] for n in (2, 3)]
    name = f'{aws.cluster()}.test'
    for vpc in vpcs:
        cloud_map.create_private_dns_namespace(Name=name, Vpc=vpc)
    with pytest.raises(ClientError, match='ConflictingDomainExists'):
        cloud_map.create_private_dns_namespace(Name=name, Vpc=vpcs[0])
    found = [each['Id'] for each in cloud_map.list_namespaces()['Namespaces'] if each['Name'] == name]
    zones = [cloud_map.get_namespace(Id=each)['Namespace']['Properties']['DnsProperties'] for each in found]
    known = [aws.client('route53').get_hosted_zone(Id=each['HostedZoneId'])['VPCs'] for each in zones]
    assert sorted(each['VPCId'] for [each] in known) == sorted(vpcs)


def test_an_http_namespace_is_in_the_way_of_no_private_one(aws: Aws):
    cloud_map = aws.client('servicediscovery')
    name = f'{aws.cluster()}.test'
    cloud_map.create_http_namespace(Name=f'mesh-{name}')
    vpc = aws.client('ec2').create_vpc(CidrBlock='10.4.0.0/16')['Vpc']['VpcId']
    cloud_map.create_private_dns_namespace(Name=name, Vpc=vpc)
    assert name in [each['Name'] for each in cloud_map.list_namespaces()['Namespaces']]


def test_lists_heed_their_filters(aws: Aws):
    cloud_map = aws.client('servicediscovery')
    for name in ('one.test', 'two.test'):
        vpc = aws.client('ec2').create_vpc(CidrBlock='10.1.0.0/16')['Vpc']['VpcId']
        cloud_map.create_private_dns_namespace(Name=name, Vpc=vpc)
    cloud_map.create_http_namespace(Name='three.test')
    private = [{'Name': 'TYPE', 'Values': ['DNS_PRIVATE'], 'Condition': 'EQ'}]
    found = {each['Name']: each['Id'] for each in cloud_map.list_namespaces(Filters=private)['Namespaces']}
    assert {'one.test', 'two.test'} <= set(found)
    assert 'three.test' not in found
    for name in ('one.test', 'two.test'):
        cloud_map.create_service(Name=f'web-{name}', NamespaceId=found[name])
    within = [{'Name': 'NAMESPACE_ID', 'Values': [found['two.test']], 'Condition': 'EQ'}]
    assert [each['Name'] for each in cloud_map.list_services(Filters=within)['Services']] == ['web-two.test']
    assert len(cloud_map.list_services()['Services']) >= 2

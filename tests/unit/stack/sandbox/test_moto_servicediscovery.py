from tests.aws import Aws


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

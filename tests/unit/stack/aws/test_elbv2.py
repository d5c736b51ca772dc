from stack.aws import elbv2
from tests.unit.stack.aws.stubbed import run, stubbed

ARN = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:'
OWN, SHARED, OTHER = (f'{ARN}loadbalancer/app/{name}/1' for name in ('staging-web-lb', 'shared', 'other-lb'))
GONE = f'{ARN}loadbalancer/app/gone/1'


def balancer(arn: str) -> dict:
    return {
        'LoadBalancerArn': arn,
        'LoadBalancerName': arn.split('/')[-2],
        'DNSName': 'x.elb.amazonaws.com',
        'CanonicalHostedZoneId': 'Z1',
        'Scheme': 'internal',
        'VpcId': 'vpc-1',
        'Type': 'application',
        'AvailabilityZones': [{'SubnetId': 'subnet-1'}],
        'SecurityGroups': ['sg-1'],
    }


def group(name: str, *balancers: str) -> dict:
    return {
        'TargetGroupArn': f'{ARN}targetgroup/{name}/1',
        'TargetGroupName': name,
        'Protocol': 'HTTP',
        'Port': 80,
        'VpcId': 'vpc-1',
        'TargetType': 'ip',
        'HealthCheckPath': '/',
        'HealthyThresholdCount': 5,
        'LoadBalancerArns': list(balancers),
    }


def test_what_has_to_do_with_a_cluster_is_found_on_all_pages_with_its_tags_and_listeners():
    used = group('by-hand', SHARED)
    with stubbed('elbv2') as (aws, stub):
        stub.add_response('describe_target_groups', {'TargetGroups': [group('other')], 'NextMarker': 'm'}, {})
        stub.add_response('describe_load_balancers', {'LoadBalancers': [balancer(OTHER)], 'NextMarker': 'n'}, {})
        stub.add_response(
            'describe_target_groups', {'TargetGroups': [group('staging-web-lb', OWN, GONE), used]}, {'Marker': 'm'}
        )
        stub.add_response(
            'describe_load_balancers', {'LoadBalancers': [balancer(OWN), balancer(SHARED)]}, {'Marker': 'n'}
        )
        arns = [f'{ARN}targetgroup/staging-web-lb/1', used['TargetGroupArn'], OWN, SHARED]
        marks = [{'Key': 'nysa:cluster', 'Value': 'staging'}, {'Key': 'nysa:service', 'Value': 'web'}]
        tags = [{'ResourceArn': arn, 'Tags': marks} for arn in arns]
        listener = {
            'ListenerArn': f'{ARN}listener/1',
            'Port': 443,
            'Protocol': 'HTTPS',
            'Certificates': [{'CertificateArn': 'c'}],
            'DefaultActions': [{'Type': 'forward', 'TargetGroupArn': arns[0]}],
        }
        stub.add_response('describe_listeners', {'Listeners': [listener]}, {'LoadBalancerArn': OWN})
        stub.add_response('describe_listeners', {'Listeners': []}, {'LoadBalancerArn': SHARED})
        stub.add_response('describe_tags', {'TagDescriptions': tags}, {'ResourceArns': arns})
        balancers, groups = run(elbv2.load_balancing(aws, elbv2.Interest('staging-', {used['TargetGroupArn']})))
    assert [each.name for each in balancers] == ['staging-web-lb', 'shared']
    assert [each.name for each in groups] == ['staging-web-lb', 'by-hand']
    assert groups[0].load_balancers == (OWN,), 'one that has gone leads nowhere'
    assert balancers[0].listeners[0].certificates == ('c',)
    assert balancers[0].listeners[0].target_group == f'{ARN}targetgroup/staging-web-lb/1'
    assert balancers[0].tags == {'nysa:cluster': 'staging', 'nysa:service': 'web'}


def test_nothing_is_asked_about_nothing():
    with stubbed('elbv2') as (aws, stub):
        stub.add_response('describe_target_groups', {'TargetGroups': []})
        stub.add_response('describe_load_balancers', {'LoadBalancers': []})
        assert run(elbv2.load_balancing(aws, elbv2.Interest('staging-'))) == ((), ())


def test_the_load_balancers_of_target_groups_have_their_listeners():
    groups = [group('web', OWN), group('idle')]
    arns = sorted(each['TargetGroupArn'] for each in groups)
    listener = {
        'ListenerArn': f'{ARN}listener/app/x/1/2',
        'Port': 80,
        'Protocol': 'HTTP',
        'DefaultActions': [{'Type': 'forward', 'TargetGroupArn': groups[0]['TargetGroupArn']}],
    }
    with stubbed('elbv2') as (aws, stub):
        stub.add_response('describe_target_groups', {'TargetGroups': groups}, {'TargetGroupArns': arns})
        stub.add_response('describe_load_balancers', {'LoadBalancers': [balancer(OWN)]}, {'LoadBalancerArns': [OWN]})
        stub.add_response('describe_listeners', {'Listeners': [listener]}, {'LoadBalancerArn': OWN})
        [found] = run(elbv2.balancers_of(aws, list(reversed(arns))))
    assert (found.dns_name, found.listeners[0].target_group) == ('x.elb.amazonaws.com', groups[0]['TargetGroupArn'])


def test_target_groups_without_a_load_balancer_need_one_call():
    with stubbed('elbv2') as (aws, stub):
        stub.add_response('describe_target_groups', {'TargetGroups': [group('idle')]})
        assert run(elbv2.balancers_of(aws, [group('idle')['TargetGroupArn']])) == []

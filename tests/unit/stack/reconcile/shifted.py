"""A service whose traffic ECS shifts between two target groups, made without AWS."""

from dataclasses import replace
from typing import Any

from stack.reconcile import names
from stack.reconcile.names import Owner
from stack.reconcile.observed import Observed
from stack.reconcile.observed_balancers import Listener, TargetGroup
from stack.stackfile.check import check
from tests.unit.stack.reconcile.settled import CLUSTER, example, service_in, settled

ROLE = 'arn:aws:iam::123456789012:role/traffic'
BALANCER = 'arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/lb/1'
LISTENER = 'arn:aws:elasticloadbalancing:us-east-1:1:listener/app/lb/1/2'
DEFAULT_RULE = f'{LISTENER.replace(":listener/", ":listener-rule/")}/3'
BLUE, GREEN = (f'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{name}/1' for name in ('blue', 'green'))
OWNER = Owner(CLUSTER, 'web')


def document(strategy: str = 'blue_green', **elb: Any) -> dict[str, Any]:
    found = example()
    found['services'] = [item for item in found['services'] if 'web' in item]
    web = service_in(found, 'web')
    web.update(network_mode='awsvpc', ports=['8080:8080'])
    web['elb'].pop('dns')
    web['elb'].update(elb)
    web['deployment'] = {'strategy': strategy, **({} if strategy == 'rolling' else {'role_arn': ROLE})}
    assert check(found, cluster=CLUSTER).mistakes == ()
    return found


def group(arn: str, name: str) -> TargetGroup:
    before = settled(document('rolling')).target_groups[0]
    return replace(before, arn=arn, name=name, load_balancers=(BALANCER,), tags=OWNER.tags)


def attachment(**advanced: Any) -> dict[str, Any]:
    first = {'targetGroupArn': BLUE, 'containerName': 'web', 'containerPort': 8080}
    return {**first, **({'advancedConfiguration': advanced} if advanced else {})}


SHIFTED = attachment(alternateTargetGroupArn=GREEN, productionListenerRule=DEFAULT_RULE, roleArn=ROLE)


def listener_with(weights: dict[str, int]) -> Listener:
    action = {
        'Type': 'forward',
        'ForwardConfig': {'TargetGroups': [{'TargetGroupArn': arn, 'Weight': share} for arn, share in weights.items()]},
    }
    described = {'ListenerArn': LISTENER, 'Port': 443, 'Protocol': 'HTTPS', 'DefaultActions': [action]}
    certificates = [{'CertificateArn': 'arn:aws:acm:us-east-1:123456789012:certificate/one'}]
    return Listener.read({**described, 'Certificates': certificates})


def running(weights: dict[str, int], *, strategy: str = 'blue_green', attached: Any = SHIFTED) -> Observed:
    """A service behind its load balancer, whose listener has these weights."""
    observed = settled(document(strategy))
    balancer = replace(observed.load_balancers[0], arn=BALANCER, listeners=(listener_with(weights),))
    service = observed.services['web']
    members = {**service.members, 'loadBalancers': [attached]}
    tags = {**service.tags, names.WHOLE_TAG: 'true'}
    service = replace(service, members=members, load_balancers=(attached,), tags=tags)
    groups = tuple(group(arn, f'staging-web-{name}') for arn, name in ((BLUE, 'lb'), (GREEN, 'l2')) if arn in weights)
    return replace(observed, load_balancers=(balancer,), target_groups=groups, services={'web': service})

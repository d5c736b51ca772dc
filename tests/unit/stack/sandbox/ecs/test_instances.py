import pytest

from stack.sandbox.ecs import EcsError
from tests.unit.stack.sandbox.ecs.fleet import ACCOUNT, REGION, Fleet, refused


def test_machines_need_a_cluster(fleet: Fleet):
    with pytest.raises(EcsError, match='Cluster not found'):
        fleet.ecs.register_container_instance('nowhere', region=REGION, account=ACCOUNT)
    with pytest.raises(EcsError, match='instance not found'):
        fleet.ecs.terminate_container_instance('prod', 'nothing', region=REGION, account=ACCOUNT)


def test_describes_and_lists(fleet: Fleet):
    first = fleet.machines(1, cpu=1024, memory=2000, ec2_id='i-1', address='10.9.9.9', zone='us-east-1c')[0]
    fleet.machines(2, attributes={'disk': 'ssd'})
    answer = fleet.aws.describe_container_instances(cluster='prod', containerInstances=[first, 'nothing'])
    (found,) = answer['containerInstances']
    assert (found['ec2InstanceId'], found['status'], found['agentConnected']) == ('i-1', 'ACTIVE', True)
    numbers = {resource['name']: resource['integerValue'] for resource in found['registeredResources']}
    assert (numbers['CPU'], numbers['MEMORY']) == (1024, 2000)
    assert {'name': 'ecs.availability-zone', 'value': 'us-east-1c'} in found['attributes']
    assert [failure['reason'] for failure in answer['failures']] == ['MISSING']
    ask = fleet.aws.list_container_instances
    assert len(ask(cluster='prod')['containerInstanceArns']) == 3
    assert len(ask(cluster='prod', filter='attribute:disk == ssd')['containerInstanceArns']) == 2
    assert ask(cluster='prod', status='DRAINING')['containerInstanceArns'] == []
    assert refused(ask, cluster='prod', filter='disk')[0] == 'InvalidParameterException'
    describe = fleet.aws.describe_container_instances
    assert refused(describe, cluster='prod', containerInstances=[])[0] == 'InvalidParameterException'


def test_attributes(fleet: Fleet):
    first, second = fleet.machines(2)
    put = fleet.aws.put_attributes
    assert refused(put, cluster='prod', attributes=[{'name': 'a', 'targetId': 'x'}])[0] == 'InvalidParameterException'
    put(cluster='prod', attributes=[{'name': 'stack', 'value': 'prod', 'targetId': second}])
    found = fleet.aws.list_attributes(cluster='prod', targetType='container-instance', attributeName='stack')
    assert [(a['value'], a['targetId'].rpartition('/')[2]) for a in found['attributes']] == [('prod', second)]
    assert first != second


def test_deregister_needs_force_under_running_tasks(fleet: Fleet):
    (machine,) = fleet.machines(1)
    fleet.define()
    fleet.steady(count=1)
    deregister = fleet.aws.deregister_container_instance
    assert refused(deregister, cluster='prod', containerInstance=machine)[0] == 'InvalidParameterException'
    found = deregister(cluster='prod', containerInstance=machine, force=True)['containerInstance']
    assert found['status'] == 'INACTIVE'
    fleet.wait(30)
    (task,) = fleet.tasks(status='STOPPED')
    assert task['stoppedReason'] == 'Container instance deregistration forced by user'

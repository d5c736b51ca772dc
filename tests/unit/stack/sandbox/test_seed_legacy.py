"""The seeded unmanaged cluster runs, and is not created twice."""

import time

import pytest

from stack.sandbox.ecs import ManualClock
from stack.sandbox.seed import BUCKET
from stack.sandbox.seed_legacy import LEGACY
from stack.sandbox.server import EmbeddedAws

SERVICES = ['exporter', 'web', 'worker']


@pytest.fixture
def seeded():
    with EmbeddedAws.start(clock=ManualClock(time.time()), account='666666666666') as aws:
        yield aws


def test_its_services_run_and_no_desired_state_names_it(seeded: EmbeddedAws):
    seeded.advance(600)
    found = seeded.client('ecs').describe_services(cluster=LEGACY, services=SERVICES)['services']
    assert {each['serviceName']: each['runningCount'] for each in found} == {'exporter': 2, 'web': 1, 'worker': 2}
    keys = seeded.client('s3').list_objects_v2(Bucket=BUCKET)['Contents']
    assert LEGACY not in {each['Key'] for each in keys}


def test_what_was_kept_is_left_alone(tmp_path):
    with EmbeddedAws.start(tmp_path, account='666666666666') as aws:
        aws.client('ecs').update_service(cluster=LEGACY, service='worker', desiredCount=0)
        aws.client('ecs').delete_service(cluster=LEGACY, service='exporter', force=True)
    with EmbeddedAws.start(tmp_path, account='666666666666') as aws:
        found = aws.client('ecs').describe_services(cluster=LEGACY, services=SERVICES)['services']
        assert {each['serviceName']: each['desiredCount'] for each in found if each['status'] == 'ACTIVE'} == {
            'web': 1,
            'worker': 0,
        }

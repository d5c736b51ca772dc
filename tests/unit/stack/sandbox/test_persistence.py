"""The embedded AWS comes back as it was: after a stop, a kill in the middle of writing, damage, another moto."""

import errno
import itertools
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.sns.models import sns_backends

from stack.sandbox import snapshot
from stack.sandbox.persistence import DirectoryInUse
from stack.sandbox.plain_files import directory_name
from stack.sandbox.seed import BUCKET, QUEUE, SETTINGS, place_of
from stack.sandbox.server import EmbeddedAws, SeededFleet

ACCOUNT = '333333333333'


@contextmanager
def running(directory: Path, fleet: SeededFleet = SeededFleet.NOTHING) -> Iterator[EmbeddedAws]:
    with EmbeddedAws.start(directory, fleet=fleet, account=ACCOUNT) as aws:
        yield aws


def versions(aws: EmbeddedAws, bucket: str) -> list[dict]:
    listed = aws.client('s3').list_object_versions(Bucket=bucket)
    return [*listed.get('Versions', []), *listed.get('DeleteMarkers', [])]


def without_request(answer: dict) -> dict:
    return {name: value for name, value in answer.items() if name not in ('ResponseMetadata', 'Body')}


def test_objects_come_back_with_their_history(tmp_path):
    with running(tmp_path) as aws:
        s3 = aws.client('s3')
        s3.create_bucket(Bucket='states')
        s3.put_bucket_versioning(Bucket='states', VersioningConfiguration={'Status': 'Enabled'})
        s3.put_bucket_tagging(Bucket='states', Tagging={'TagSet': [{'Key': 'team', 'Value': 'x'}]})
        meta = {'Metadata': {'nysa-write': '1', 'with_underscore': '2'}, 'ContentType': 'application/json'}
        first = s3.put_object(Bucket='states', Key='prod', Body=b'{"n": 1}', Tagging='a=b', **meta)['VersionId']
        s3.put_object(Bucket='states', Key='prod', Body=b'{"n": 2}')
        s3.delete_object(Bucket='states', Key='prod')
        s3.put_object(Bucket='states', Key='frozen/prod', Body=b'\0')
        s3.create_bucket(Bucket='plain')
        s3.put_object(Bucket='plain', Key='k', Body=b'v')
        before = versions(aws, 'states'), without_request(s3.get_object(Bucket='states', Key='prod', VersionId=first))
        plain = without_request(s3.head_object(Bucket='plain', Key='k'))
    for _ in range(2):
        with running(tmp_path) as aws:
            s3 = aws.client('s3')
            again = s3.get_object(Bucket='states', Key='prod', VersionId=first)
            assert again['Body'].read() == b'{"n": 1}'
            assert (versions(aws, 'states'), without_request(again)) == before
            assert without_request(s3.head_object(Bucket='plain', Key='k')) == plain
            assert s3.get_bucket_tagging(Bucket='states')['TagSet'] == [{'Key': 'team', 'Value': 'x'}]
            assert s3.get_object_tagging(Bucket='states', Key='prod', VersionId=first)['TagSet']
            assert s3.get_bucket_versioning(Bucket='states')['Status'] == 'Enabled'


def test_deletions_last(tmp_path):
    with running(tmp_path) as aws:
        s3 = aws.client('s3')
        for bucket in ('states', 'emptied'):
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key='k', Body=b'v')
        s3.put_object(Bucket='states', Key='gone', Body=b'v')
    with running(tmp_path) as aws:
        s3 = aws.client('s3')
        s3.delete_object(Bucket='states', Key='gone')
        s3.delete_object(Bucket='emptied', Key='k')
        s3.delete_bucket(Bucket='emptied')
    with running(tmp_path) as aws:
        assert [b['Name'] for b in aws.client('s3').list_buckets()['Buckets']] == ['states']
        assert [o['Key'] for o in aws.client('s3').list_objects_v2(Bucket='states')['Contents']] == ['k']


def test_all_else_comes_back_with_its_ids(tmp_path):
    with running(tmp_path, SeededFleet.SMALL) as aws:
        place = place_of(ACCOUNT, aws.region)
        sqs, url = aws.client('sqs'), aws.client('sqs').get_queue_url(QueueName=QUEUE)['QueueUrl']
        sent = sqs.send_message(QueueUrl=url, MessageBody='{"event_type": "cluster-deploy"}')['MessageId']
        in_flight = sqs.send_message(QueueUrl=url, MessageBody='second')['MessageId']
        aws.client('elbv2').create_load_balancer(Name='lb', Subnets=place.public_subnets)
        aws.client('servicediscovery').create_private_dns_namespace(Name='example.sd', Vpc=place.vpc)
        aws.client('logs').create_log_group(logGroupName='/ecs/prod')
        before = everything(aws)
    with running(tmp_path, SeededFleet.SMALL) as aws:
        assert everything(aws) == before
        url = aws.client('sqs').get_queue_url(QueueName=QUEUE)['QueueUrl']
        assert url.startswith(aws.endpoint), 'the port may be another one'
        taken = aws.client('sqs').receive_message(QueueUrl=url, MaxNumberOfMessages=10)['Messages']
        assert [message['MessageId'] for message in taken] == [sent, in_flight]
    with running(tmp_path) as aws:
        url = aws.client('sqs').get_queue_url(QueueName=QUEUE)['QueueUrl']
        counts = aws.client('sqs').get_queue_attributes(QueueUrl=url, AttributeNames=['All'])['Attributes']
        assert counts['ApproximateNumberOfMessagesNotVisible'] == '2', 'what is in flight stays in flight'


def everything(aws: EmbeddedAws) -> list:
    """What a look through the aws CLI shows."""
    place, ecs, repository = place_of(ACCOUNT, aws.region), aws.client('ecs'), {'repositoryName': 'email-worker'}
    looks = [
        aws.client('ec2').describe_subnets(Filters=[{'Name': 'vpc-id', 'Values': [place.vpc]}]),
        aws.client('ec2').describe_security_groups(),
        aws.client('ecr').describe_images(**repository),
        aws.client('elbv2').describe_load_balancers(),
        aws.client('route53').list_resource_record_sets(HostedZoneId=place.hosted_zone),
        aws.client('acm').describe_certificate(CertificateArn=place.certificate),
        aws.client('acm').get_certificate(CertificateArn=place.certificate),
        aws.client('servicediscovery').list_namespaces(),
        aws.client('logs').describe_log_groups(logGroupNamePrefix='/ecs/prod'),
        aws.client('secretsmanager').describe_secret(SecretId=SETTINGS) | {'LastAccessedDate': None},
        ecs.describe_clusters(clusters=['production', 'staging']),
        ecs.list_container_instances(cluster='production'),
    ]
    return [without_request(look) for look in looks]


def test_a_service_that_cannot_be_pickled_costs_no_other(tmp_path, caplog):
    with running(tmp_path) as aws:
        aws.client('sqs').create_queue(QueueName='kept')
        aws.client('s3').create_bucket(Bucket='states')
        sns_backends[ACCOUNT][aws.region].odd = lambda: None
        aws.client('sns').create_topic(Name='lost')
        until(lambda: 'embedded sns' in aws.troubles())
        aws.client('s3').put_object(Bucket='states', Key='k', Body=b'v')
    assert caplog.text.count('sns of the embedded AWS is not kept over a restart') == 1
    with running(tmp_path) as aws:
        assert aws.client('sqs').get_queue_url(QueueName='kept')
        assert aws.client('s3').get_object(Bucket='states', Key='k')['Body'].read() == b'v'
        assert aws.client('sns').list_topics()['Topics'] == []
        assert aws.troubles() == {}


def test_parameters_of_systems_manager_are_kept(tmp_path):
    with running(tmp_path) as aws:
        aws.client('ssm').put_parameter(Name='/web/key', Value='x', Type='String')
    with running(tmp_path) as aws:
        assert aws.client('ssm').get_parameter(Name='/web/key')['Parameter']['Value'] == 'x'
        assert aws.troubles() == {}


def test_a_full_disk_is_reported_until_there_is_room(tmp_path, monkeypatch):
    full = OSError(errno.ENOSPC, 'No space left on device')
    with running(tmp_path) as aws:
        with monkeypatch.context() as patch:
            patch.setattr(snapshot, 'write', raising(full))
            aws.client('sqs').create_queue(QueueName='one')
            until(lambda: aws.troubles())
            assert 'No space left' in next(iter(aws.troubles().values()))
        aws.client('sqs').create_queue(QueueName='two')
        until(lambda: not aws.troubles())


def until(reached: Callable[[], object]) -> None:
    """Wait for what the keeper does in its own thread."""
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


def raising(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_ecs_comes_back_while_it_rolls_out(tmp_path):
    with running(tmp_path, SeededFleet.SMALL) as aws:
        ecs = aws.client('ecs')
        container = {'name': 'app', 'image': 'nginx', 'memory': 64}
        definition = ecs.register_task_definition(family='app', containerDefinitions=[container])['taskDefinition']
        arn = definition['taskDefinitionArn']
        ecs.create_service(cluster='staging', serviceName='app', taskDefinition=arn, desiredCount=2)
        made = ecs.describe_services(cluster='staging', services=['app'])['services'][0]
    with running(tmp_path, SeededFleet.SMALL) as aws:
        again = aws.client('ecs').describe_services(cluster='staging', services=['app'])['services'][0]
        for field in ('serviceArn', 'taskDefinition', 'createdAt', 'desiredCount'):
            assert again[field] == made[field]
        assert again['deployments'][0]['id'] == made['deployments'][0]['id']


def test_one_process_keeps_a_directory(tmp_path):
    with running(tmp_path), pytest.raises(DirectoryInUse, match=str(tmp_path)):
        EmbeddedAws.start(tmp_path, fleet=SeededFleet.NOTHING, account='444444444444')
    with running(tmp_path):
        pass


def test_a_directory_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(OSError):
        EmbeddedAws.start(tmp_path / 'file', fleet=SeededFleet.NOTHING, account=ACCOUNT)
    with running(tmp_path / 'deep' / 'new'):
        pass


def damaged(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b'')


def of_another_moto(path: Path) -> None:
    head, _, payload = path.read_bytes().partition(b'\n')
    path.write_bytes(json.dumps(json.loads(head) | {'moto': '4.0.0'}).encode() + b'\n' + payload)


def gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize('harm', [damaged, flipped, empty, of_another_moto, gone], ids=lambda harm: harm.__name__)
def test_plain_files_are_enough_to_go_on(tmp_path, harm, caplog):
    with running(tmp_path, SeededFleet.SMALL) as aws:
        s3 = aws.client('s3')
        body = s3.get_object(Bucket=BUCKET, Key='staging')['Body'].read()
        s3.put_object(Bucket=BUCKET, Key='mine', Body=body)
        before = versions(aws, BUCKET)
    harm(tmp_path / 'snapshot')
    with running(tmp_path, SeededFleet.SMALL) as aws:
        assert versions(aws, BUCKET) == before
        document = json.loads(body)
        ec2 = aws.client('ec2')
        assert ec2.describe_subnets(SubnetIds=document['vpc']['subnets']['private'])['Subnets']
        groups = document['vpc']['security_groups']
        assert ec2.describe_security_groups(GroupIds=groups['public'] + groups['private'])['SecurityGroups']
        clusters = aws.client('ecs').describe_clusters(clusters=['staging', 'production', 'mine'])['clusters']
        assert [cluster['status'] for cluster in clusters] == ['ACTIVE'] * 3
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warned) == (0 if harm is gone else 1)


def test_a_snapshot_that_cannot_be_unpickled_is_left(tmp_path, caplog):
    snapshot.write(tmp_path / 'snapshot', b'no pickle')
    with running(tmp_path, SeededFleet.SMALL) as aws:
        assert aws.client('s3').list_buckets()['Buckets']
    assert 'unpickled' in caplog.text


def test_what_cannot_be_kept_is_reported_once_and_kept_later(tmp_path, caplog):
    (tmp_path / 's3').touch()
    with running(tmp_path) as aws:
        aws.client('s3').create_bucket(Bucket='kept-late')
        until(lambda: caplog.records)
        assert 'could not be kept' in caplog.records[0].message
        (tmp_path / 's3').unlink()
    with running(tmp_path) as aws:
        assert 'kept-late' in [bucket['Name'] for bucket in aws.client('s3').list_buckets()['Buckets']]
    assert len(caplog.records) == 1


CHILD = """
import sys
from stack.sandbox.server import EmbeddedAws, SeededFleet
with EmbeddedAws.start(sys.argv[1]) as aws:
    print(aws.endpoint, flush=True)
    sys.stdin.read()
"""


class Child:
    """The embedded AWS in a process of its own, which can be killed."""

    def __init__(self, directory: Path):
        self._process = subprocess.Popen(
            [sys.executable, '-c', CHILD, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> 'Child':
        self.endpoint = self._process.stdout.readline().strip()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def client(self, service: str):
        settings = Config(retries={'total_max_attempts': 1}, max_pool_connections=4)
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name='us-east-1', config=settings, **EmbeddedAws.credentials
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def stop(self) -> str:
        """Its whole error output."""
        return self._process.communicate('', timeout=30)[1]


def write_until_killed(child: Child, writer: int, stored: list[str]) -> None:
    s3, sqs = child.client('s3'), child.client('sqs')
    url = sqs.get_queue_url(QueueName=QUEUE)['QueueUrl']
    with suppress(BotoCoreError, ClientError):
        for number in itertools.count():
            put = s3.put_object(Bucket=BUCKET, Key=f'w{writer}', Body=b'{"number": %d}' % number)
            stored.append(put['VersionId'])
            sqs.send_message(QueueUrl=url, MessageBody=put['VersionId'])


def versions_on_disk(directory: Path, writer: int) -> int:
    index = directory / 's3' / BUCKET / directory_name(f'w{writer}') / 'index.jsonl'
    return len(index.read_text().splitlines()) - 1 if index.exists() else 0


def test_killed_while_it_writes_it_has_all_up_to_its_last_look(tmp_path):
    stored: list[list[str]] = [[], []]
    with Child(tmp_path) as child, ThreadPoolExecutor(2) as threads:
        writers = [threads.submit(write_until_killed, child, *each) for each in enumerate(stored)]
        # The keeper looks several times while others write.
        for _ in range(3):
            before = [versions_on_disk(tmp_path, writer) for writer in range(2)]
            until(lambda before=before: all(versions_on_disk(tmp_path, n) > before[n] for n in range(2)))
        assert not any(each.done() for each in writers)
        child.kill()
    with Child(tmp_path) as child:
        s3 = child.client('s3')
        pages = s3.get_paginator('list_object_versions').paginate(Bucket=BUCKET, Prefix='w')
        # The oldest first.
        found = [(v['Key'], v['VersionId']) for page in pages for v in page.get('Versions', [])][::-1]
        for key, version in found[:: max(1, len(found) // 20)]:
            json.loads(s3.get_object(Bucket=BUCKET, Key=key, VersionId=version)['Body'].read())
        assert child.stop() == '', 'nothing was damaged'
    for writer, answered in enumerate(stored):
        kept = [version for key, version in found if key == f'w{writer}']
        assert len(kept) >= 3
        # A write that was not answered yet may be kept.
        assert (len(kept) <= len(answered) + 1, kept[: len(answered)]) == (True, answered[: len(kept)])

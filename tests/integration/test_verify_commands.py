"""`audit verify` and `bucket verify` as an operator runs them, on a bucket that a server has filled."""

import re

from tests.aws import Aws
from tests.client import path
from tests.process import run
from tests.server import Server


def variables(aws: Aws, server: Server) -> dict[str, str]:
    names = {'AWS_S3_BUCKET': server.bucket, 'AWS_SQS_NOTIFICATION_QUEUE': server.queue.rpartition('/')[2]}
    aws.secret('verified', names)
    return {'PROFILE': 'verified', **aws.environment()}


def test_what_an_operator_verifies(aws: Aws, server: Server):
    cluster = server.cluster({'services': [{'web': {'image': 'nginx:1'}}]})
    for tag in ('2', '3'):
        body = {'image_tag': tag}
        assert server.api('PUT', path('clusters', cluster, 'services', 'web'), body).status == 202
    server.run(server.settled())
    whole = run('bucket', 'verify', **variables(aws, server))
    assert whole.returncode == 0, whole.stdout + whole.stderr
    assert re.search(r'^ +1 desired states$', whole.stdout, re.MULTILINE)
    assert whole.stdout.endswith('The chains are whole.\n')
    head = re.search(rf'{cluster}: revisions: 3 checked; the newest hash is (\S+)', whole.stdout)[1]

    versions = server.stored_versions(cluster)
    aws.client('s3').delete_object(Bucket=server.bucket, Key=cluster, VersionId=versions[1])
    broken = run('audit', 'verify', cluster, f'--expect={head}', **variables(aws, server))
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert 'number 2 is missing before it' in broken.stdout
    assert 'is in no chain' not in broken.stdout

    lost = server.cluster({'services': [{'web': {'image': 'nginx:1'}}]})
    aws.client('s3').delete_object(Bucket=server.bucket, Key=lost)
    for command in ('audit', 'bucket'):
        printed = run(command, 'verify', **variables(aws, server)).stdout
        assert re.search(r'^not proven: \S+: another program deleted the cluster', printed, re.MULTILINE), printed
        assert f'{lost}: revisions: 1 checked' in printed
    missing = run('audit', 'verify', 'never-there', **variables(aws, server))
    assert (missing.returncode, 'never-there' in missing.stderr) == (1, True)

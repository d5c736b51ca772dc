"""The embedded AWS of PROFILE=local where it cannot keep its state: reported at start, and by /readyz."""

import io
import json
import time
import zipfile
from pathlib import Path

import boto3

from tests.process import Process, run


def test_a_directory_that_cannot_be_made_ends_the_start_with_a_sentence(tmp_path: Path):
    (tmp_path / 'file').write_text('')
    ended = run('serve', '--port=0', PROFILE='local', NYSA_SANDBOX_DIR=str(tmp_path / 'file' / 'state'))
    assert ended.returncode == 2
    assert ended.stderr.startswith('The embedded AWS cannot keep its state in')
    assert 'NYSA_SANDBOX_DIR names another directory' in ended.stderr


def test_what_is_not_kept_shows_in_readyz(tmp_path: Path):
    with Process('serve', '--port=0', PROFILE='local', NYSA_SANDBOX_DIR=str(tmp_path)) as server:
        line = next(line for line in server.printed('aws ecs list-clusters') if 'AWS_ENDPOINT_URL=' in line)
        endpoint = line.partition('AWS_ENDPOINT_URL=')[2].split()[0]
        make_function(endpoint)
        end = time.monotonic() + 60
        while 'embedded lambda' not in (found := checks(server)):
            assert time.monotonic() < end, found
            time.sleep(0.05)  # polls /readyz: nothing announces what it shows
        assert found['embedded lambda']['ok'] is True
        assert 'not kept over a restart' in found['embedded lambda']['message']
        assert server.ask('GET', '/readyz').status == 200


def checks(server: Process) -> dict[str, dict]:
    return {each['check']: each for each in server.ask('GET', '/readyz').json['checks']}


def make_function(endpoint: str) -> None:
    """A Lambda function: moto holds what cannot be pickled for it."""
    access = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'x', 'region_name': 'us-east-1'}
    iam, functions = (boto3.client(name, endpoint_url=endpoint, **access) for name in ('iam', 'lambda'))
    policy = json.dumps({'Version': '2012-10-17', 'Statement': []})
    role = iam.create_role(RoleName='r', AssumeRolePolicyDocument=policy)['Role']['Arn']
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w') as archive:
        archive.writestr('a.py', '')
    code = {'ZipFile': packed.getvalue()}
    functions.create_function(FunctionName='f', Runtime='python3.11', Role=role, Handler='a.b', Code=code)

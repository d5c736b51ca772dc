"""The bucket of a release: a play that leaves something of everything in it, and a record of every version in it.

To record a release, copy this directory and `tests/contract/test_previous_release.py` into a checkout of it, and run
`RECORD=0.1.0.json .venv/bin/python -m pytest tests/contract/test_previous_release.py -k recorded` there.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stack.aws.s3 import Bucket
from tests.aws import Aws
from tests.guarded import Guarded
from tests.server import connect

SHOP, FROZEN, GONE, BACK = CLUSTERS = ('release-shop', 'release-frozen', 'release-gone', 'release-back')
CONFIG = {'services': [{'web': {'image': 'nginx:1', 'desired_count': 2}}, {'api': {'image': 'app:7', 'cpu': 256}}]}

Recorded = dict[str, Any]


def read(release: str) -> Recorded:
    return json.loads((Path(__file__).parent / f'{release}.json').read_text())


def write(name: str, recorded: Recorded) -> None:
    (Path(__file__).parent / name).write_text(json.dumps(recorded, indent=1, sort_keys=True) + '\n')


def play(server: Guarded) -> dict[str, str]:
    """Do everything that leaves something in the bucket. Gives the text of the tokens by their names."""
    tokens = {name: server.token('deployer', name=name, expires='366d') for name in ('kept', 'revoked')}
    server.revoke(tokens['revoked'])

    def ask(method: str, path: str, body: Any = None) -> Any:
        answer = server.as_(server.admin, method, f'/clusters{path}', body)
        assert answer.status < 300, answer.body
        return answer.json

    for name in CLUSTERS:
        server.aws.cluster(name)
        ask('POST', '?message=begin', {'name': name, 'config': CONFIG})
    for tag in ('2', '3', '4'):
        ask('PUT', f'/{SHOP}/services/web?message=to-{tag}', {'image_tag': tag})
    ask('PUT', f'/{SHOP}/services/api', {'desired_count': 0})
    ask('POST', f'/{SHOP}/rollback', {'message': 'too few'})
    ask('POST', f'/{SHOP}/deploy')
    ask('DELETE', f'/{SHOP}/services/api?message=unused')
    ask('PUT', f'/{FROZEN}/services/web', {'image_tag': '9'})
    ask('POST', f'/{FROZEN}/rollback', {})
    ask('PUT', f'/{FROZEN}/freeze', {'reason': 'the big sale'})
    assert server.as_(tokens['kept'], 'PUT', f'/clusters/{FROZEN}/services/web', {'image_tag': '5'}).status == 423
    ask('PUT', f'/{FROZEN}/services/web?override=fire', {'image_tag': '6'})
    for name in (GONE, BACK):
        ask('DELETE', f'/{name}')
    ask('POST', f'/{BACK}/restore')
    ask('GET', f'/{SHOP}/audit')
    ask('GET', f'/{FROZEN}/audit')
    server.run(server.settled())
    return tokens


def record(aws: Aws, server: Guarded) -> list[Recorded]:
    """Every version of every object, the oldest first, with metadata and tags."""
    s3, bucket = aws.client('s3'), Bucket(connect(aws.endpoint, aws.region)[0], server.bucket)
    listed = s3.list_object_versions(Bucket=server.bucket)
    found = []
    for key in sorted({row['Key'] for row in [*listed['Versions'], *listed.get('DeleteMarkers', [])]}):
        for version in reversed(server.run(bucket.versions(key))):
            entry: Recorded = {'key': key, 'version': version.version, 'deleted': version.deleted}
            if not version.deleted:
                which = {'Bucket': server.bucket, 'Key': key, 'VersionId': version.version}
                stored = s3.get_object(**which)
                entry['body'] = base64.b64encode(stored['Body'].read()).decode()
                entry['metadata'] = stored['Metadata']
                entry['tags'] = s3.get_object_tagging(**which)['TagSet']
            found.append(entry)
    return found


def restore(aws: Aws, recorded: Recorded) -> str:
    """A new bucket with these versions. Their ids are S3's: they are replaced wherever something names them.

    Tokens expire a day from now: the recorded expiry would end the test one day.
    """
    s3, bucket = aws.client('s3'), aws.bucket()
    ids: list[tuple[str, str]] = []

    def renamed(text: str) -> str:
        for before, now in ids:
            text = text.replace(before, now)
        return text

    # Desired states first: the others name their versions.
    for entry in sorted(recorded['objects'], key=lambda each: '/' in each['key']):
        which = {'Bucket': bucket, 'Key': entry['key']}
        if entry['deleted']:
            s3.delete_object(**which)
            continue
        body = base64.b64decode(entry['body']).decode()
        if entry['key'].startswith('nysa/tokens/'):
            body = json.dumps(json.loads(body) | {'expires_at': (datetime.now(UTC) + timedelta(days=1)).isoformat()})
        metadata = {name: renamed(value) for name, value in entry['metadata'].items()}
        stored = s3.put_object(**which, Body=renamed(body).encode(), Metadata=metadata)
        if entry['tags']:
            s3.put_object_tagging(**which, VersionId=stored['VersionId'], Tagging={'TagSet': entry['tags']})
        ids.append((entry['version'], stored['VersionId']))
    return bucket

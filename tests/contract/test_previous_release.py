"""This release on the bucket of the previous one, and the way back: nothing is lost, and nothing is misread.

docs/operations.md has what an operator is promised of it.
"""

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.aws import Aws
from tests.guarded import Guarded
from tests.releases.recording import BACK, CLUSTERS, FROZEN, GONE, SHOP, Recorded, play, read, record, restore, write

PREVIOUS = '0.1.0'
# Objects are keyed by revisions, whose ids are S3's.
ID = re.compile(r'[0-9a-f]{8}-[0-9a-f-]{27}')
# What a server writes the first time that it needs it: whether one did during a play depends on its sweeps.
WRITTEN_WHEN_NEEDED = {'nysa/tagged'}


class Upgraded(Guarded):
    """This release on a restored bucket; `tokens` are the texts that the previous one gave out."""

    def __init__(self, aws: Aws, recorded: Recorded):
        self.tokens = recorded['tokens']
        super().__init__(aws, AWS_S3_BUCKET=restore(aws, recorded))

    def get(self, path: str) -> Any:
        answer = self.as_(self.admin, 'GET', path)
        assert answer.status == 200, answer.body
        return answer.json


@pytest.fixture
def upgraded(aws: Aws) -> Iterator[Upgraded]:
    for name in CLUSTERS:
        aws.cluster(name)
    with Upgraded(aws, read(PREVIOUS)) as running:
        yield running


def test_everything_of_the_previous_release_is_there(upgraded: Upgraded):
    assert upgraded.get('/clusters')['content'] == sorted({SHOP, FROZEN, BACK})
    web = upgraded.get(f'/clusters/{SHOP}/config')['services'][0]['web']
    assert (web['image'], web['desired_count']) == ('nginx:4', 2)
    history = upgraded.get(f'/clusters/{SHOP}/revisions')['content']
    assert [row['changes'][0]['did']['verb'] for row in history][-1] == 'create'
    assert {'begin', 'to-2', 'to-3', 'to-4', 'too few', 'unused'} == {row['message'] for row in history} - {None}
    assert upgraded.as_(upgraded.admin, 'GET', f'/clusters/{GONE}').status == 404
    assert upgraded.as_(upgraded.admin, 'POST', f'/clusters/{GONE}/restore').status in (200, 201, 202)
    kinds = [entry['kind'] for entry in upgraded.get(f'/clusters/{FROZEN}/audit')['content']]
    assert {'change', 'refusal', 'override'} == set(kinds)


def test_its_freezes_quarantines_and_tokens_are_in_force(upgraded: Upgraded):
    kept, revoked = upgraded.tokens['kept'], upgraded.tokens['revoked']
    assert upgraded.as_(revoked, 'GET', '/clusters').status == 401
    refused = upgraded.as_(kept, 'PUT', f'/clusters/{FROZEN}/services/web', {'image_tag': '5'})
    assert (refused.status, 'the big sale' in refused.json['message']) == (423, True)
    assert upgraded.as_(upgraded.admin, 'DELETE', f'/clusters/{FROZEN}/freeze').status < 300
    quarantined = upgraded.as_(kept, 'PUT', f'/clusters/{FROZEN}/services/web', {'image_tag': '9'})
    assert quarantined.status == 409
    assert upgraded.as_(kept, 'PUT', f'/clusters/{SHOP}/services/web', {'image_tag': '5'}).status == 202


def test_changes_continue_its_history_and_are_proven_from_there_on(upgraded: Upgraded):
    from stack.aws.s3 import Bucket  # the previous release has none of what follows
    from stack.changes.bucket_verification import BucketVerification
    from stack.state.proof import Severity
    from tests.server import connect

    for tag in ('7', '8'):
        path = f'/clusters/{SHOP}/services/web'
        assert upgraded.as_(upgraded.admin, 'PUT', path, {'image_tag': tag}).status == 202
    upgraded.as_(upgraded.admin, 'POST', f'/clusters/{SHOP}/deploy')
    upgraded.get(f'/clusters/{SHOP}/audit')
    upgraded.get('/audit')
    bucket = Bucket(connect(upgraded.aws.endpoint, upgraded.aws.region)[0], upgraded.bucket)
    result = upgraded.run(BucketVerification(bucket).run())
    assert 'unknown objects, not checked' not in result.counts
    findings = [*result.findings, *(finding for proof in result.proofs for finding in proof.findings)]
    assert [finding for finding in findings if finding.severity is Severity.BROKEN] == []
    assert len([finding for finding in findings if 'has no chain' in finding.message]) > 5
    newest = upgraded.get(f'/clusters/{SHOP}/revisions?limit=2')['content']
    assert not {row['revision'] for row in newest} & {finding.where for finding in findings}


def test_what_is_recorded_has_what_the_previous_release_reads(aws: Aws):
    """Its readers find every field where it was and as it was; further ones they ignore."""
    with Guarded(aws) as server:
        recorded = {'tokens': play(server), 'objects': record(aws, server)}
    if os.environ.get('RECORD'):
        write(os.environ['RECORD'], recorded)
    now, before = shapes(recorded), shapes(read(PREVIOUS))
    missing = {
        kind: lacking(shape, now.get(kind, {})) for kind, shape in before.items() if kind not in WRITTEN_WHEN_NEEDED
    }
    assert {kind: fields for kind, fields in missing.items() if fields} == {}


def shapes(recorded: Recorded) -> dict[str, dict[str, set[str]]]:
    """By kind of object, the type of each field in any of them, and of each metadata."""
    found: dict[str, dict[str, set[str]]] = {}
    for entry in recorded['objects']:
        if not entry['deleted']:
            shape = found.setdefault(kind_of(entry['key']), {})
            collect('', parsed(base64.b64decode(entry['body'])), shape)
            for name, value in entry['metadata'].items():
                collect(f'metadata {name}', parsed(value.encode()), shape)
            for tag in entry['tags']:
                collect(f'tag {tag["Key"]}', '', shape)
    return found


def kind_of(key: str) -> str:
    """The first two parts of the key of what is beside the desired states."""
    return '/'.join(key.split('/')[:2]) if key.startswith('nysa/') else key.partition('/')[0] if '/' in key else ''


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


def collect(path: str, value: Any, into: dict[str, set[str]]) -> None:
    into.setdefault(path, set()).add(type(value).__name__)
    if isinstance(value, Mapping):
        for name, inner in value.items():
            collect(f'{path}.{ID.sub("*", name)}', inner, into)
    elif isinstance(value, list):
        for inner in value:
            collect(f'{path}[]', inner, into)


def lacking(before: dict[str, set[str]], now: dict[str, set[str]]) -> list[str]:
    """The fields that are gone, or that have another type."""
    return [path for path, types in before.items() if not types & now.get(path, set())]

"""An AWS that costs nothing but time: S3, SQS and a steady ECS in memory, each answer after the same pause.

Every role may be assumed, and every account has the same clusters.

Run as a process of its own (`BenchAws`), on loopback, without authentication. What it does not know is answered 400.
"""

import hashlib
import itertools
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from stack.reconcile.names import WHOLE_TAG, Owner, ecs_tags
from stack.reconcile.wanted import wanted_services
from stack.sandbox.ecs.limits import Limits
from tests.bench import _at_length
from tests.bench._wire import Answer, Request, serve

REGION = 'eu-west-1'
BUCKET = 'bench'
KEYS = {'aws_access_key_id': 'bench', 'aws_secret_access_key': 'bench', 'region_name': REGION}
SERVICES = f'arn:aws:ecs:{REGION}:123456789012:service'
DEFINITIONS = f'arn:aws:ecs:{REGION}:123456789012:task-definition/'
# As few calls a second for so long, and a server has loaded all clusters and looked at them.
QUIET_S, QUIET_CALLS = 2, 5
SECRET = {'AWS_S3_BUCKET': BUCKET, 'AWS_SQS_NOTIFICATION_QUEUE': 'bench'}


class BenchAws:
    """`with BenchAws(latency_ms=10) as aws:` starts it; `counts()` gives what was called since the last time.

    `tests.server.Server` takes it in place of `tests.aws.Aws`, once.
    """

    region = REGION

    def __init__(self, latency_ms: float = 10.0):
        self._numbers = itertools.count(1)
        command = [sys.executable, '-m', 'tests.bench._aws', str(latency_ms)]
        self._process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True)
        self.endpoint = f'http://127.0.0.1:{int(self._process.stdout.readline())}'

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def environment(self) -> dict[str, str]:
        return {
            'AWS_ENDPOINT_URL': self.endpoint,
            'AWS_ACCESS_KEY_ID': 'bench',
            'AWS_SECRET_ACCESS_KEY': 'bench',
            'AWS_DEFAULT_REGION': REGION,
        }

    def bucket(self) -> str:
        return BUCKET

    def queue(self) -> str:
        return SECRET['AWS_SQS_NOTIFICATION_QUEUE']

    def cluster(self, name: str | None = None) -> str:
        """The name of an ECS cluster, by default a new one: there is one of every name."""
        return name or f'cluster-{next(self._numbers)}'

    def messages(self, queue: str) -> list[Any]:
        """None: what is sent is not kept."""
        return []

    def limit(self) -> None:
        """Refuse what goes beyond the published limits of ECS from now on, as the embedded ECS does."""
        self._control('limit')

    def describe_at_length(self) -> None:
        """List as many events of each service as ECS keeps, and describe task definitions with all their members."""
        self._control('describe_at_length')

    def counts(self) -> Counter[str]:
        return Counter(json.loads(self._control('counts')))

    def until_quiet(self) -> None:
        """Wait for what a server does after its start, which would be measured too: a minute for 1,000 clusters."""
        self.counts()
        while time.sleep(QUIET_S) or sum(self.counts().values()) > QUIET_S * QUIET_CALLS:
            pass

    def fill(self, documents: dict[str, Any]) -> dict[str, str]:
        """Put JSON into the bucket by key, such as clusters, as of an hour ago; the version of each."""
        return json.loads(self._control('fill', json.dumps(documents).encode()))

    def stored(self, key: str) -> bytes:
        """The newest version of an object; empty where there is none."""
        try:
            with urllib.request.urlopen(f'{self.endpoint}/{BUCKET}/{key}', timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError:
            return b''

    def revise(self, cluster: str, documents: Sequence[Any]) -> None:
        """Give a cluster further revisions, the oldest first."""
        self._control('revise', json.dumps([cluster, documents]).encode())

    def _control(self, what: str, body: bytes | None = None) -> bytes:
        with urllib.request.urlopen(f'{self.endpoint}/-/{what}', body, timeout=60) as answer:
            return answer.read()


@dataclass
class Version:
    id: str
    body: bytes
    etag: str
    metadata: dict[str, str]
    modified: datetime
    deleted: bool = False
    tags: bytes = b''


def failure(status: int, code: str) -> Answer:
    return status, {'Content-Type': 'application/xml'}, f'<Error><Code>{code}</Code></Error>'.encode()


@dataclass
class Aws:
    """The answers; `now` of each key is its last version."""

    objects: dict[str, list[Version]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    written: int = 0
    # What was listed since the last write, by path and query: to write a thousand rows takes milliseconds.
    listings: dict[tuple[str, ...], Answer] = field(default_factory=dict)
    wanted: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    # By family, the newest task definition: cluster, service and the version that changed it, which its ARN ends with.
    definitions: dict[str, str] = field(default_factory=dict)
    limits: Limits | None = None
    at_length: bool = False

    def answer(self, request: Request) -> Answer:
        if request.path.startswith('/-/'):
            return 200, {}, json.dumps(getattr(self, f'control_{request.path[3:]}')(request.body)).encode()
        target = request.headers.get('x-amz-target')
        if target:
            operation = target.rpartition('.')[2]
            self.calls[operation] += 1
            if 'EC2ContainerService' in target and self.limits and not self.limits.take(operation, time.monotonic()):
                return 400, {}, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
            known = getattr(self, f'do_{operation}', None)
            content = known(json.loads(request.body or b'{}')) if known else None
            status = 200 if known else 400
            return status, {'Content-Type': 'application/x-amz-json-1.1'}, json.dumps(content or {}).encode()
        if request.method == 'POST' and request.path == '/':
            return self.queried(dict(parse_qsl(request.body.decode())))
        bucket, _, key = request.path.lstrip('/').partition('/')
        return self.at_bucket(request) if not key else self.at_object(request, f'{bucket}/{key}')

    def control_counts(self, _: bytes) -> Any:
        counted, self.calls = self.calls, Counter()
        return counted

    def control_limit(self, _: bytes) -> None:
        self.limits = Limits()

    def control_describe_at_length(self, _: bytes) -> None:
        self.at_length = True

    def control_fill(self, documents: bytes) -> Any:
        stored = {
            key: self.put(f'{BUCKET}/{key}', json.dumps(document).encode(), {})
            for key, document in json.loads(documents).items()
        }
        for version in stored.values():
            version.modified -= timedelta(hours=1)
        return {key: version.id for key, version in stored.items()}

    def control_revise(self, given: bytes) -> None:
        cluster, documents = json.loads(given)
        for document in documents:
            stored = self.put(f'{BUCKET}/{cluster}', json.dumps(document).encode(), {})
            stored.modified -= timedelta(hours=1)

    def queried(self, asked: dict[str, str]) -> Answer:
        """Answers in XML: STS, and Elastic Load Balancing without anything in it.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        operation = asked['Action']
        self.calls[operation] += 1
        ends = (datetime.now(UTC) + timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M:%SZ')
        keys = '<AccessKeyId>role</AccessKeyId><SecretAccessKey>role</SecretAccessKey><SessionToken>role</SessionToken>'
        results = {
            'AssumeRole': f'<Credentials>{keys}<Expiration>{ends}</Expiration></Credentials>',
            'DescribeTargetGroups': '<TargetGroups/>',
            'DescribeLoadBalancers': '<LoadBalancers/>',
        }
        if operation not in results:
            return failure(400, 'InvalidAction')
        result = f'<{operation}Result>{results[operation]}</{operation}Result>'
        return 200, {'Content-Type': 'text/xml'}, f'<{operation}Response>{result}</{operation}Response>'.encode()

    # S3

    def at_bucket(self, request: Request) -> Answer:
        bucket = request.path.strip('/')
        if 'versioning' in request.query:
            self.calls['GetBucketVersioning'] += 1
            return xml('VersioningConfiguration', '<Status>Enabled</Status>')
        operation = 'ListObjectVersions' if 'versions' in request.query else 'ListObjectsV2'
        self.calls[operation] += 1
        asked = request.path, *request.query, *request.query.values()
        if asked not in self.listings:
            self.listings[asked] = self.listing(bucket, request)
        return self.listings[asked]

    def listing(self, bucket: str, request: Request) -> Answer:
        prefix = f'{bucket}/{request.query.get("prefix", "")}'
        most = int(request.query.get('max-keys', 1000))
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        if 'versions' in request.query:
            return xml('ListVersionsResult', self.versions(bucket, keys, request.query))
        after = request.query.get('continuation-token') or request.query.get('start-after') or ''
        delimiter = request.query.get('delimiter')
        shown = [
            key
            for key in (key.partition('/')[2] for key in keys)
            if key > after
            and not (delimiter and delimiter in key[len(prefix) - len(bucket) - 1 :])
            and not self.objects[f'{bucket}/{key}'][-1].deleted
        ]
        more = len(shown) > most
        rows = [listed('Contents', key, self.objects[f'{bucket}/{key}'][-1]) for key in shown[:most]]
        token = f'<NextContinuationToken>{escape(shown[most - 1])}</NextContinuationToken>' if more else ''
        content = f'<IsTruncated>{str(more).lower()}</IsTruncated>{token}{"".join(rows)}'
        return xml('ListBucketResult', content)

    def versions(self, bucket: str, keys: list[str], query: dict[str, str]) -> str:
        rows, most, after = [], int(query.get('max-keys', 1000)), query.get('version-id-marker')
        for key in keys:
            for number, version in enumerate(reversed(self.objects[key])):
                if after is not None:
                    after = None if version.id == after else after
                    continue
                kind = 'DeleteMarker' if version.deleted else 'Version'
                latest = f'<IsLatest>{str(number == 0).lower()}</IsLatest><VersionId>{version.id}</VersionId>'
                rows.append((key, version.id, listed(kind, key.partition('/')[2], version, latest)))
        more = len(rows) > most
        marker = ''
        if more:
            key, id, _ = rows[most - 1]
            marker = f'<NextKeyMarker>{escape(key.partition("/")[2])}</NextKeyMarker>'
            marker += f'<NextVersionIdMarker>{id}</NextVersionIdMarker>'
        return f'<IsTruncated>{str(more).lower()}</IsTruncated>{marker}{"".join(row for *_, row in rows[:most])}'

    def at_object(self, request: Request, key: str) -> Answer:
        found = self.find(key, request.query.get('versionId'))
        if 'tagging' in request.query:
            return self.tagging(request, found)
        if request.method in ('GET', 'HEAD'):
            self.calls['GetObject' if request.method == 'GET' else 'HeadObject'] += 1
            if found is None or found.deleted:
                return failure(404, 'NoSuchKey')
            return 200, headers_of(found), found.body
        current = self.find(key)
        if current is not None and current.deleted:
            current = None
        self.calls['PutObject' if request.method == 'PUT' else 'DeleteObject'] += 1
        expected = request.headers.get('if-match')
        if expected is not None and (current is None or expected.strip('"') != current.etag.strip('"')):
            return failure(412, 'PreconditionFailed')
        if request.headers.get('if-none-match') == '*' and current is not None:
            return failure(412, 'PreconditionFailed')
        metadata = {name: value for name, value in request.headers.items() if name.startswith('x-amz-meta-')}
        stored = self.put(key, request.body, metadata, deleted=request.method == 'DELETE')
        return 200 if request.method == 'PUT' else 204, headers_of(stored), b''

    def tagging(self, request: Request, found: Version | None) -> Answer:
        self.calls[f'{request.method.title()}ObjectTagging'] += 1
        if found is None:
            return failure(404, 'NoSuchKey')
        if request.method == 'PUT':
            found.tags = request.body
            return 200, {}, b''
        return 200, {'Content-Type': 'application/xml'}, found.tags or b'<Tagging><TagSet></TagSet></Tagging>'

    def find(self, key: str, version: str | None = None) -> Version | None:
        versions = self.objects.get(key, [])
        return next((each for each in reversed(versions) if version in (None, each.id)), None)

    def put(self, key: str, body: bytes, metadata: dict[str, str], deleted: bool = False) -> Version:
        self.written += 1
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        stored = Version(f'v{self.written:012}', body, etag, metadata, datetime.now(UTC), deleted)
        self.objects.setdefault(key, []).append(stored)
        self.listings.clear()
        return stored

    # Secrets Manager, SQS

    def do_GetSecretValue(self, asked: dict[str, Any]) -> Any:
        return {'Name': asked['SecretId'], 'SecretString': json.dumps(SECRET)}

    def do_GetQueueUrl(self, asked: dict[str, Any]) -> Any:
        return {'QueueUrl': f'http://127.0.0.1/{asked["QueueName"]}'}

    def do_GetQueueAttributes(self, asked: dict[str, Any]) -> Any:
        return {'Attributes': {'QueueArn': 'arn:aws:sqs:eu-west-1:123456789012:bench'}}

    def do_ReceiveMessage(self, asked: dict[str, Any]) -> Any:
        return {}

    def do_SendMessage(self, asked: dict[str, Any]) -> Any:
        return {'MessageId': '1', 'MD5OfMessageBody': hashlib.md5(asked['MessageBody'].encode()).hexdigest()}

    # Service discovery

    def do_ListNamespaces(self, asked: dict[str, Any]) -> Any:
        return {'Namespaces': []}

    # ECS: everything that is wanted runs, and nothing moves

    def do_DescribeClusters(self, asked: dict[str, Any]) -> Any:
        found = [{'clusterName': each, 'status': 'ACTIVE'} for each in asked['clusters']]
        return {'clusters': [each | {'registeredContainerInstancesCount': 1} for each in found]}

    def do_ListClusters(self, asked: dict[str, Any]) -> Any:
        return {'clusterArns': []}

    def do_ListServices(self, asked: dict[str, Any]) -> Any:
        names = list(self.services(asked['cluster']))
        first = int(asked.get('nextToken', 0))
        more = {'nextToken': str(first + 100)} if len(names) > first + 100 else {}
        arns = [f'{SERVICES}/{asked["cluster"]}/{each}' for each in names[first : first + 100]]
        return {'serviceArns': arns, **more}

    def do_DescribeServices(self, asked: dict[str, Any]) -> Any:
        wanted = self.services(asked['cluster'])
        names = [each.rpartition('/')[2] for each in asked['services']]
        described = [self.service(asked['cluster'], each) for each in names if each in wanted]
        if 'TAGS' in asked.get('include', ()):
            described = [each | {'tags': self.tags(asked['cluster'], each['serviceName'])} for each in described]
        return {'services': described}

    def tags(self, cluster: str, name: str) -> list[dict[str, str]]:
        return ecs_tags({**self.wanted[cluster][1][name].tags, **Owner(cluster, name).tags, WHOLE_TAG: 'true'})

    def service(self, cluster: str, name: str) -> dict[str, Any]:
        wanted = self.wanted[cluster][1][name]
        version = self.definitions[wanted.family].rpartition('+')[2]
        count = {'desiredCount': wanted.count, 'runningCount': wanted.count, 'pendingCount': 0, 'failedTasks': 0}
        definition = {'taskDefinition': f'{DEFINITIONS}{cluster}+{name}+{version}'}
        at = {'createdAt': 1.6e9, 'updatedAt': 1.6e9}
        deployment = {'id': f'ecs-svc/{version}', 'status': 'PRIMARY', 'rolloutState': 'COMPLETED'}
        deployment |= {'rolloutStateReason': f'ECS deployment ecs-svc/{version} completed.'}
        steady = {'id': version, 'createdAt': 1.6e9, 'message': f'(service {name}) has reached a steady state.'}
        return {
            'serviceName': name,
            'serviceArn': f'{SERVICES}/{cluster}/{name}',
            'status': 'ACTIVE',
            'launchType': wanted.launch_type,
            'schedulingStrategy': wanted.scheduling_strategy,
            'deploymentConfiguration': wanted.deployment,
            **count,
            **definition,
            'createdAt': 1.6e9,
            'deployments': [{**deployment, **count, **definition, **at}],
            'events': _at_length.events(name, version) if self.at_length else [steady],
        }

    def do_DescribeTaskDefinition(self, asked: dict[str, Any]) -> Any:
        asked_for = asked['taskDefinition'].removeprefix(DEFINITIONS)
        cluster, name, version = (self.definitions.get(asked_for) or asked_for).split('+')
        definition, tags = dict(self.services(cluster)[name].definition), list[dict[str, str]]()
        if self.at_length:
            definition, tags = _at_length.described(definition, cluster, name)
        named = {'taskDefinitionArn': f'{DEFINITIONS}{cluster}+{name}+{version}', 'revision': 1, 'status': 'ACTIVE'}
        return {'taskDefinition': {**definition, **named}, 'tags': tags}

    def services(self, cluster: str) -> dict[str, Any]:
        stored = self.find(f'{BUCKET}/{cluster}')
        if stored is None or stored.deleted:
            return {}
        if cluster not in self.wanted or self.wanted[cluster][0] != stored.id:
            wanted = wanted_services(cluster, json.loads(stored.body), REGION)
            before = self.wanted.get(cluster, ('', {}))[1]
            self.wanted[cluster] = stored.id, wanted
            for name, each in wanted.items():
                if name not in before or before[name].definition != each.definition:
                    self.definitions[each.family] = f'{cluster}+{name}+{stored.id}'
        return self.wanted[cluster][1]


def xml(root: str, content: str) -> Answer:
    text = f'<?xml version="1.0"?><{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{content}</{root}>'
    return 200, {'Content-Type': 'application/xml'}, text.encode()


def listed(kind: str, key: str, version: Version, more: str = '') -> str:
    at = version.modified.strftime('%Y-%m-%dT%H:%M:%S.000Z')
    etag = '' if version.deleted else f'<ETag>{escape(version.etag)}</ETag><Size>{len(version.body)}</Size>'
    return f'<{kind}><Key>{escape(key)}</Key><LastModified>{at}</LastModified>{etag}{more}</{kind}>'


def headers_of(version: Version) -> dict[str, str]:
    shown = {'ETag': version.etag, 'Last-Modified': format_datetime(version.modified, usegmt=True)}
    return {**shown, 'x-amz-version-id': version.id, **version.metadata}


if __name__ == '__main__':
    serve(Aws().answer, float(sys.argv[1]) / 1000)

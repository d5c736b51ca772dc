"""Initial content of the embedded AWS. What exists already stays as it is.

It goes into moto directly, in a tenth of the time of as many calls. Its ids are constant, so that desired states
from an earlier start still refer to what exists after everything else was created again.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType

from moto.acm.models import acm_backends
from moto.ec2.models import ec2_backends, security_groups, subnets, vpcs
from moto.ecr.models import ecr_backends
from moto.route53.models import HostedZoneIdentifier, route53_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sqs.models import sqs_backends
from moto.utilities.id_generator import moto_id_manager

from stack.configuration.accounts import HOME, AccountTable, read_accounts
from stack.notify.ledger import TAG
from stack.sandbox.buckets import backend, restore_buckets
from stack.sandbox.event_bus import ECS_EVENTS_QUEUE
from stack.sandbox.moto_ecr import push
from stack.sandbox.plain_files import Bucket, Version
from stack.sandbox.seed_images import images
from stack.sandbox.seed_legacy import LEGACY, AskEcs, seed_legacy
from stack.sandbox.seed_states import CLUSTERS, DOMAIN, REPOSITORIES, Place, headers_of, history, revision_of
from stack.state.revision_store import serialise
from stack.state.revisions import encode

BUCKET = 'nysa-desired-states'
QUEUE = 'nysa-notifications'
DEAD_LETTER_QUEUE = 'nysa-notifications-dead'
SETTINGS = 'local/nysa-api-server'

# Machines of each cluster; a rolling deployment on host ports needs one more than it has tasks.
INSTANCES = {'production': 3, 'staging': 2, LEGACY: 2}
# … and its setting `containerInsights`.
INSIGHTS = {'qa': 'enhanced'}

# Creates an ECS cluster with so many machines and that setting `containerInsights`, where there is none.
CreateCluster = Callable[[str, int, str], None]

_PARTITION = 'aws'
_ZONES = ('a', 'b')


def place_of(account: str, region: str, registry: str = '') -> Place:
    """The ids that `seed` gives to what it makes; the images are in the account `registry`, by default its own."""
    return Place(
        account=account,
        region=region,
        vpc='vpc-0c1a5e7e5b2f4d901',
        public_subnets=('subnet-0a11c0de0b5e55a01', 'subnet-0a11c0de0b5e55a02'),
        private_subnets=('subnet-0b22c0de0b5e55b01', 'subnet-0b22c0de0b5e55b02'),
        public_group='sg-0d33c0de0b5e55c01',
        private_group='sg-0d33c0de0b5e55c02',
        certificate=f'arn:aws:acm:{region}:{account}:certificate/5eed0a11-c0de-4b5e-9a55-0c0ffee0cafe',
        hosted_zone='Z08SEED5EXAMPLE0COM01',
        registry=registry or account,
    )


@dataclass(frozen=True)
class Contents:
    """What is seeded: the repositories of ECR, and S3's objects by key, the oldest version first.

    `accounts` is the setting NYSA_ACCOUNTS; clusters of its accounts are not made here.
    """

    repositories: Sequence[str]
    keys: Mapping[str, tuple[Version, ...]]
    accounts: str = ''


def small_fleet(place: Place, now: datetime) -> Contents:
    """Two clusters with a history of six weeks, whose services are not running yet."""
    return Contents(REPOSITORIES, {name: tuple(_versions(place, name, now)) for name in CLUSTERS})


def seed(place: Place, contents: Contents, create_cluster: CreateCluster, ask_ecs: AskEcs, now: datetime) -> None:
    """Create what is missing; LOCK is held. Desired states that exist keep their history."""
    seed_surroundings(place)
    _queues(place)
    _secret(place, contents.accounts)
    _repositories(place, contents.repositories, now)
    if BUCKET not in backend(place.account).buckets:
        restore_buckets(place.account, [Bucket(BUCKET, place.region, now, 'Enabled', {}, contents.keys)])
    stored = (key for key in backend(place.account).buckets[BUCKET].keys if '/' not in key)
    accounts = AccountTable(read_accounts(contents.accounts or '{}'))
    for name in dict.fromkeys((*CLUSTERS, LEGACY, *stored)):
        if accounts.place(name).account == HOME:
            create_cluster(name, INSTANCES.get(name, 1), INSIGHTS.get(name, 'disabled'))
    seed_legacy(place, ask_ecs)


def seed_surroundings(place: Place) -> None:
    """Create what services stand on: the network, a certificate and a hosted zone; LOCK is held."""
    _network(place)
    _certificate(place)
    _hosted_zone(place)


def _network(place: Place) -> None:
    ec2 = ec2_backends[place.account][place.region]
    if place.vpc in ec2.vpcs:
        return
    with _ids(vpcs, 'random_vpc_id', place.vpc):
        vpc = ec2.create_vpc('10.0.0.0/16', tags=[{'Key': 'Name', 'Value': 'nysa'}])
    vpc.enable_dns_hostnames = True
    ids = (*place.public_subnets, *place.private_subnets)
    with _ids(subnets, 'random_subnet_id', *ids):
        for number, (kind, zone) in enumerate((k, z) for k in ('public', 'private') for z in _ZONES):
            name = {'subnet': {'Name': f'{kind}-{zone}'}}
            ec2.create_subnet(place.vpc, f'10.0.{number * 16}.0/20', None, place.region + zone, tags=name)
    with _ids(security_groups, 'random_security_group_id', place.public_group, place.private_group):
        for kind, ports in (('public', (80, 443)), ('private', (0, 65535))):
            group = ec2.create_security_group(f'nysa-{kind}', f'What is {kind} in the sandbox', place.vpc)
            for port in ports if kind == 'public' else ():
                ec2.authorize_security_group_ingress(group.id, 'tcp', str(port), str(port), [{'CidrIp': '0.0.0.0/0'}])
    ec2.authorize_security_group_ingress(place.private_group, 'tcp', '0', '65535', [{'CidrIp': '10.0.0.0/16'}])


@contextmanager
def _ids(module: ModuleType, function: str, *ids: str) -> Iterator[None]:
    """Has moto take these ids, in turn, from a function that makes them up otherwise."""
    made_up, given = getattr(module, function), iter(ids)
    setattr(module, function, lambda: next(given))
    try:
        yield
    finally:
        setattr(module, function, made_up)


def _certificate(place: Place) -> None:
    acm = acm_backends[place.account][place.region]
    if place.certificate not in acm._certificates:
        certificate = acm._certificates.pop(acm.request_certificate(f'*.{DOMAIN}', '', [DOMAIN], []))
        certificate.arn = place.certificate
        acm._certificates[place.certificate] = certificate


def _hosted_zone(place: Place) -> None:
    route53 = route53_backends[place.account][_PARTITION]
    if place.hosted_zone not in route53.zones:
        identifier = HostedZoneIdentifier(place.account, f'{DOMAIN}.', None)
        moto_id_manager.set_custom_id(identifier, place.hosted_zone)
        route53.create_hosted_zone(f'{DOMAIN}.', private_zone=False, caller_reference='nysa')
        moto_id_manager.unset_custom_id(identifier)


def _queues(place: Place) -> None:
    sqs = sqs_backends[place.account][place.region]
    if ECS_EVENTS_QUEUE not in sqs.queues:
        sqs.create_queue(ECS_EVENTS_QUEUE, MessageRetentionPeriod='300')
    if QUEUE in sqs.queues:
        return
    dead = sqs.queues.get(DEAD_LETTER_QUEUE) or sqs.create_queue(DEAD_LETTER_QUEUE)
    redrive = {'deadLetterTargetArn': dead.queue_arn, 'maxReceiveCount': 5}
    sqs.create_queue(QUEUE, RedrivePolicy=json.dumps(redrive), ReceiveMessageWaitTimeSeconds='20')


def _secret(place: Place, accounts: str) -> None:
    secrets = secretsmanager_backends[place.account][place.region]
    if SETTINGS not in secrets.secrets:
        queues = {'AWS_SQS_NOTIFICATION_QUEUE': QUEUE, 'AWS_SQS_ECS_EVENTS_QUEUE': ECS_EVENTS_QUEUE}
        text = json.dumps({'AWS_S3_BUCKET': BUCKET, **queues, **({'NYSA_ACCOUNTS': accounts} if accounts else {})})
        secrets.create_secret(SETTINGS, text, None, 'The settings of PROFILE=local', [], None, None, [], False)


def _repositories(place: Place, names: Sequence[str], now: datetime) -> None:
    ecr = ecr_backends[place.account][place.region]
    for name in names:
        if name in ecr.repositories:
            continue
        ecr.create_repository(name, None, {}, {}, 'MUTABLE', [])
        for image in images(name):
            push(place.account, place.region, name, image.tags, now.timestamp() - image.age)


def _versions(place: Place, cluster: str, now: datetime) -> Iterator[Version]:
    base: Version | None = None
    for document, change in history(place, cluster, now):
        write = uuid.uuid4().hex
        headers = headers_of(encode(write, [change], base=revision_of(cluster, base)))
        # Announced long ago: nothing is to be made up for at the first start.
        base = Version(
            str(uuid.uuid4()), change.at.astimezone(UTC), serialise(document), headers=headers, tags={TAG: write}
        )
        yield base

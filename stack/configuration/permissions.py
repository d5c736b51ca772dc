"""The IAM permissions of server and scheduler: one row for each AWS call in the code.

docs/production.md and docs/security.md are generated from it, and a test compares it with the sources. AWS's own
table: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal['server', 'scheduler']

BOTH: tuple[Role, ...] = ('server', 'scheduler')
SERVER: tuple[Role, ...] = ('server',)
SCHEDULER: tuple[Role, ...] = ('scheduler',)

# The resources that a statement of the policies is about; names are examples, to be replaced.
BUCKET = 'arn:aws:s3:::example-desired-states'
OBJECTS = f'{BUCKET}/*'
QUEUE = 'arn:aws:sqs:*:*:nysa-notifications*'
EVENTS = 'arn:aws:sqs:*:*:nysa-ecs-events'
SECRET = 'arn:aws:secretsmanager:*:*:secret:prod/nysa-api-server-*'  # noqa: S105  no secret
ANY = '*'
TASK_ROLES = 'arn:aws:iam::*:role/*'
LINKED_ROLES = 'arn:aws:iam::*:role/aws-service-role/*'
# Of the setting NYSA_ACCOUNTS.
ACCOUNT_ROLES = 'arn:aws:iam::111111111111:role/nysa'
RESOURCES = (BUCKET, OBJECTS, QUEUE, EVENTS, SECRET, ANY, TASK_ROLES, LINKED_ROLES, ACCOUNT_ROLES)

CONDITIONS: dict[str, Any] = {
    TASK_ROLES: {
        'StringEquals': {
            'iam:PassedToService': ['ecs-tasks.amazonaws.com', 'ecs.amazonaws.com', 'scheduler.amazonaws.com']
        },
    },
    LINKED_ROLES: {
        'StringEquals': {
            'iam:AWSServiceName': [
                'ecs.amazonaws.com',
                'ecs.application-autoscaling.amazonaws.com',
                'elasticloadbalancing.amazonaws.com',
            ]
        }
    },
}

# The names of services in IAM, where they are not boto3's.
PREFIXES = {'elbv2': 'elasticloadbalancing'}


@dataclass(frozen=True)
class Permission:
    """A call, as `ecs:CreateService`, and the IAM actions that AWS checks for it: by default one of the same name."""

    call: str
    roles: tuple[Role, ...]
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = (ANY,)

    @property
    def needed(self) -> tuple[str, ...]:
        service, _, operation = self.call.partition(':')
        return self.actions or (f'{PREFIXES.get(service, service)}:{operation}',)


def _of(service: str, names: str, roles: tuple[Role, ...]) -> Iterator[Permission]:
    """The rows of calls whose action has their own name, on any resource."""
    return (Permission(f'{service}:{name}', roles) for name in names.split())


_PASS = 'iam:PassRole'  # noqa: S105  no password
_LINK = 'iam:CreateServiceLinkedRole'
_SCALING = 'application-autoscaling'

PERMISSIONS: tuple[Permission, ...] = (
    Permission('s3:ListObjectsV2', BOTH, ('s3:ListBucket',), (BUCKET,)),
    Permission('s3:ListObjectVersions', BOTH, ('s3:ListBucketVersions',), (BUCKET,)),
    Permission('s3:GetBucketVersioning', BOTH, resources=(BUCKET,)),
    Permission('s3:GetObject', BOTH, ('s3:GetObject', 's3:GetObjectVersion'), (OBJECTS,)),
    Permission('s3:HeadObject', BOTH, ('s3:GetObject', 's3:GetObjectVersion'), (OBJECTS,)),
    Permission('s3:PutObject', BOTH, resources=(OBJECTS,)),
    Permission('s3:DeleteObject', BOTH, resources=(OBJECTS,)),
    Permission('s3:GetObjectTagging', SERVER, ('s3:GetObjectTagging', 's3:GetObjectVersionTagging'), (OBJECTS,)),
    Permission('s3:PutObjectTagging', SERVER, ('s3:PutObjectTagging', 's3:PutObjectVersionTagging'), (OBJECTS,)),
    Permission('sqs:GetQueueUrl', BOTH, resources=(QUEUE,)),
    Permission('sqs:GetQueueUrl', SERVER, resources=(EVENTS,)),
    Permission('sqs:GetQueueAttributes', BOTH, resources=(QUEUE,)),
    Permission('sqs:SendMessage', BOTH, resources=(QUEUE,)),
    Permission('sqs:ReceiveMessage', SCHEDULER, resources=(QUEUE,)),
    Permission('sqs:ReceiveMessage', SERVER, resources=(EVENTS,)),
    Permission('sqs:DeleteMessageBatch', SCHEDULER, ('sqs:DeleteMessage',), (QUEUE,)),
    Permission('sqs:DeleteMessageBatch', SERVER, ('sqs:DeleteMessage',), (EVENTS,)),
    Permission('sqs:ChangeMessageVisibilityBatch', SCHEDULER, ('sqs:ChangeMessageVisibility',), (QUEUE,)),
    Permission('secretsmanager:GetSecretValue', BOTH, resources=(SECRET,)),
    Permission('sts:AssumeRole', BOTH, resources=(ACCOUNT_ROLES,)),
    *_of('ecr', 'DescribeImages DescribeRepositories BatchGetImage GetDownloadUrlForLayer', BOTH),
    *_of('ecs', 'DescribeClusters DescribeServices DescribeServiceRevisions DescribeTaskDefinition', BOTH),
    *_of('ecs', 'DescribeTasks ListClusters ListServiceDeployments ListServices ListTagsForResource', BOTH),
    *_of('ecs', 'DescribeServiceDeployments', BOTH),
    *_of('ecs', 'StopServiceDeployment ContinueServiceDeployment', SCHEDULER),
    *_of('ecs', 'ListTaskDefinitions ListTasks', BOTH),
    *_of('elbv2', 'DescribeTargetGroups DescribeLoadBalancers DescribeListeners DescribeTags DescribeRules', BOTH),
    *_of('elbv2', 'DescribeLoadBalancerAttributes', BOTH),
    *_of('elbv2', 'DescribeListenerCertificates DescribeTargetGroupAttributes DescribeTargetHealth', BOTH),
    *_of('route53', 'ListHostedZones ListResourceRecordSets GetHostedZone', BOTH),
    *_of('servicediscovery', 'ListNamespaces ListServices ListTagsForResource GetNamespace', BOTH),
    *_of('logs', 'DescribeLogGroups', BOTH),
    *_of('logs', 'FilterLogEvents', SERVER),
    *_of('logs', 'GetLogEvents', BOTH),
    *_of('cloudwatch', 'GetMetricData', SERVER),
    *_of('cloudwatch', 'DescribeAlarms', BOTH),
    *_of('cloudwatch', 'PutMetricAlarm DeleteAlarms', SCHEDULER),
    *_of('ec2', 'DescribeSubnets DescribeSecurityGroups', BOTH),
    # The rehearsal of a plan; without one of these, a check is reported as not made.
    *_of('ecs', 'ListContainerInstances DescribeContainerInstances', BOTH),
    *_of('elbv2', 'DescribeAccountLimits', BOTH),
    *_of('secretsmanager', 'DescribeSecret', BOTH),
    *_of('secretsmanager', 'ListSecretVersionIds', SERVER),
    *_of('ssm', 'DescribeParameters', BOTH),
    *_of('iam', 'GetRole SimulatePrincipalPolicy', BOTH),
    *_of('acm', 'DescribeCertificate', BOTH),
    *_of(_SCALING, 'DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions', BOTH),
    *_of(_SCALING, 'ListTagsForResource', BOTH),
    *_of(_SCALING, 'DescribeScalingActivities', SERVER),
    *_of(_SCALING, 'DeregisterScalableTarget DeleteScalingPolicy PutScheduledAction DeleteScheduledAction', SCHEDULER),
    # https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    Permission(
        f'{_SCALING}:RegisterScalableTarget',
        SCHEDULER,
        (f'{_SCALING}:RegisterScalableTarget', f'{_SCALING}:TagResource', 'ecs:DescribeServices', 'ecs:UpdateService'),
    ),
    Permission(f'{_SCALING}:RegisterScalableTarget', SCHEDULER, (_LINK,), (LINKED_ROLES,)),
    # A target tracking policy needs its alarms.
    Permission(
        f'{_SCALING}:PutScalingPolicy',
        SCHEDULER,
        (
            f'{_SCALING}:PutScalingPolicy',
            'cloudwatch:DescribeAlarms',
            'cloudwatch:PutMetricAlarm',
            'cloudwatch:DeleteAlarms',
        ),
    ),
    *_of('scheduler', 'GetSchedule ListSchedules', BOTH),
    Permission('ecs:RegisterTaskDefinition', SCHEDULER, ('ecs:RegisterTaskDefinition', 'ecs:TagResource')),
    Permission('ecs:RegisterTaskDefinition', SCHEDULER, (_PASS,), (TASK_ROLES,)),
    Permission('ecs:CreateService', SCHEDULER, ('ecs:CreateService', 'ecs:TagResource')),
    Permission('ecs:CreateService', SCHEDULER, (_LINK,), (LINKED_ROLES,)),
    # The roles with which ECS shifts traffic and calls hooks.
    Permission('ecs:CreateService', SCHEDULER, (_PASS,), (TASK_ROLES,)),
    Permission('ecs:UpdateService', SCHEDULER, (_PASS,), (TASK_ROLES,)),
    Permission('ecs:RunTask', SCHEDULER, ('ecs:RunTask', 'ecs:TagResource')),
    Permission('ecs:RunTask', SCHEDULER, (_PASS,), (TASK_ROLES,)),
    *_of('ecs', 'UpdateService DeleteService DeregisterTaskDefinition StopTask TagResource UntagResource', SCHEDULER),
    *_of('scheduler', 'CreateSchedule UpdateSchedule DeleteSchedule', SCHEDULER),
    Permission('scheduler:CreateSchedule', SCHEDULER, (_PASS,), (TASK_ROLES,)),
    Permission('scheduler:UpdateSchedule', SCHEDULER, (_PASS,), (TASK_ROLES,)),
    Permission('scheduler:CreateScheduleGroup', SCHEDULER, ('scheduler:CreateScheduleGroup', 'scheduler:TagResource')),
    *_of('scheduler', 'DeleteScheduleGroup', SCHEDULER),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/load-balancer-authentication-access-control.html
    Permission(
        'elbv2:CreateLoadBalancer',
        SCHEDULER,
        (
            'elasticloadbalancing:CreateLoadBalancer',
            'elasticloadbalancing:AddTags',
            'ec2:DescribeAccountAttributes',
            'ec2:DescribeAddresses',
            'ec2:DescribeInternetGateways',
            'ec2:DescribeSecurityGroups',
            'ec2:DescribeSubnets',
            'ec2:DescribeVpcs',
        ),
    ),
    Permission('elbv2:CreateLoadBalancer', SCHEDULER, (_LINK,), (LINKED_ROLES,)),
    Permission(
        'elbv2:CreateTargetGroup',
        SCHEDULER,
        ('elasticloadbalancing:CreateTargetGroup', 'elasticloadbalancing:AddTags', 'ec2:DescribeVpcs'),
    ),
    Permission(
        'elbv2:CreateListener', SCHEDULER, ('elasticloadbalancing:CreateListener', 'elasticloadbalancing:AddTags')
    ),
    Permission('elbv2:CreateRule', SCHEDULER, ('elasticloadbalancing:CreateRule', 'elasticloadbalancing:AddTags')),
    *_of('elbv2', 'ModifyListener ModifyTargetGroup SetSecurityGroups SetSubnets AddTags RemoveTags', SCHEDULER),
    *_of('elbv2', 'ModifyRule SetRulePriorities DeleteRule ModifyTargetGroupAttributes', SCHEDULER),
    *_of('elbv2', 'ModifyLoadBalancerAttributes', SCHEDULER),
    *_of('elbv2', 'AddListenerCertificates RemoveListenerCertificates', SCHEDULER),
    *_of('elbv2', 'DeleteListener DeleteLoadBalancer DeleteTargetGroup', SCHEDULER),
    *_of('route53', 'ChangeResourceRecordSets', SCHEDULER),
    # https://docs.aws.amazon.com/cloud-map/latest/dg/cloud-map-api-permissions-ref.html
    Permission(
        'servicediscovery:CreatePrivateDnsNamespace',
        SCHEDULER,
        (
            'servicediscovery:CreatePrivateDnsNamespace',
            'servicediscovery:TagResource',
            'route53:CreateHostedZone',
            'route53:GetHostedZone',
            'route53:ListHostedZonesByName',
            'ec2:DescribeVpcs',
            'ec2:DescribeRegions',
        ),
    ),
    Permission(
        'servicediscovery:CreateHttpNamespace',
        SCHEDULER,
        ('servicediscovery:CreateHttpNamespace', 'servicediscovery:TagResource'),
    ),
    Permission(
        'servicediscovery:CreateService',
        SCHEDULER,
        ('servicediscovery:CreateService', 'servicediscovery:TagResource'),
    ),
    *_of('servicediscovery', 'DeleteService GetOperation TagResource', SCHEDULER),
    Permission('logs:CreateLogGroup', SCHEDULER, ('logs:CreateLogGroup', 'logs:TagResource')),
)


def actions(role: Role) -> dict[str, list[str]]:
    """What a role must allow: by resource the actions, sorted."""
    found: dict[str, set[str]] = {}
    for permission in PERMISSIONS:
        if role in permission.roles:
            for resource in permission.resources:
                found.setdefault(resource, set()).update(permission.needed)
    return {resource: sorted(found[resource]) for resource in RESOURCES if resource in found}


def actions_of(call: str) -> list[str]:
    """The IAM actions of a call, as `elbv2:DescribeRules`; of one without a row, the action of its own name."""
    rows = [permission for permission in PERMISSIONS if permission.call == call] or [Permission(call, ())]
    return list(dict.fromkeys(action for row in rows for action in row.needed))


def policy(role: Role) -> str:
    """The IAM policy of a role, as JSON for a person."""
    statements = ',\n'.join(_statement(resource, allowed) for resource, allowed in actions(role).items())
    return f'{{\n  "Version": "2012-10-17",\n  "Statement": [\n{statements}\n  ]\n}}'


def _statement(resource: str, allowed: Iterable[str]) -> str:
    condition = CONDITIONS.get(resource)
    lines = [
        f'    {{"Effect": "Allow", "Resource": {json.dumps(resource)}',
        *([f'     "Condition": {json.dumps(condition)}'] if condition else []),
        f'     "Action": [{_wrapped(allowed)}]}}',
    ]
    return ',\n'.join(lines)


def _wrapped(allowed: Iterable[str], width: int = 110) -> str:
    """The actions in lines that a page can show."""
    lines = ['']
    for action in allowed:
        text = json.dumps(action)
        if len(lines[-1]) + len(text) > width - 16:
            lines.append('')
        lines[-1] += f'{text}, '
    return f'\n{" " * 16}'.join(line.rstrip() for line in lines).removesuffix(',')


def table() -> str:
    """The rows in Markdown, by call."""
    rows = ['| call | IAM actions | server | scheduler |', '| --- | --- | --- | --- |']
    calls: dict[str, list[Permission]] = {}
    for permission in PERMISSIONS:
        calls.setdefault(permission.call, []).append(permission)
    for call, found in sorted(calls.items()):
        needed = ', '.join(f'`{action}`' for action in dict.fromkeys(a for each in found for a in each.needed))
        marks = ['×' if any(role in each.roles for each in found) else '' for role in BOTH]
        rows.append(f'| `{call}` | {needed} | {marks[0]} | {marks[1]} |')
    return '\n'.join(rows)

"""Rate limits of AWS: the published ones, a pace that keeps within them, and pauses after a refusal.

Pure: the time is an argument everywhere.
"""

from collections.abc import Callable

from stack.runtime.token_bucket import Limit, TokenBucket

# The part of AWS's limits to use: calls that leave evenly arrive in bursts, and other clients use the account as well.
DEFAULT_SHARE = 0.9

FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 20.0


_ECS = 'ecs'
_ELB = 'elbv2'
_SCALING = 'application-autoscaling'

# ECS: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
# ELB: https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/api-throttling.html
# Route 53: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
# Logs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
# EC2: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (non-mutating actions, much below)
# Secrets Manager: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
# ACM: https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html
# ECR: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
# Scheduler: https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html (the lowest of any region)
# Cloud Map, Application Auto Scaling, IAM and Systems Manager publish none for these actions: what is here is careful.
_CATEGORIES: tuple[tuple[str, Limit, str], ...] = (
    (_ECS, Limit(50, 20), 'DescribeClusters ListClusters'),
    (_ECS, Limit(20, 1), 'RegisterTaskDefinition DeregisterTaskDefinition'),
    (_ECS, Limit(50, 20), 'DescribeTaskDefinition ListTaskDefinitions'),
    (_ECS, Limit(20, 10), 'TagResource UntagResource'),
    (_ECS, Limit(50, 20), 'ListTagsForResource'),
    (_ECS, Limit(100, 40), 'RunTask StopTask'),
    (_ECS, Limit(100, 20), 'DescribeContainerInstances DescribeTasks ListContainerInstances ListTasks'),
    (_ECS, Limit(50, 5), 'CreateService UpdateService DeleteService'),
    (_ECS, Limit(100, 20), 'DescribeServices ListServices'),
    (
        _ECS,
        Limit(50, 20),
        'ListServiceDeployments DescribeServiceDeployments StopServiceDeployment ContinueServiceDeployment',
    ),
    (_ECS, Limit(50, 20), 'DescribeServiceRevisions'),
    (_ELB, Limit(10, 0.2), 'CreateLoadBalancer SetSubnets'),
    (
        _ELB,
        Limit(40, 10),
        'DescribeLoadBalancers DescribeListeners DescribeTargetGroups DescribeTags DescribeAccountLimits DescribeRules'
        ' DescribeListenerCertificates DescribeTargetGroupAttributes DescribeLoadBalancerAttributes',
    ),
    (
        _ELB,
        Limit(20, 3),
        'AddTags CreateListener ModifyListener DeleteListener CreateTargetGroup ModifyTargetGroup DeleteTargetGroup'
        ' DeleteLoadBalancer RemoveTags SetSecurityGroups CreateRule ModifyRule DeleteRule SetRulePriorities'
        ' AddListenerCertificates RemoveListenerCertificates ModifyTargetGroupAttributes ModifyLoadBalancerAttributes',
    ),
    ('route53', Limit(5, 5), 'ListResourceRecordSets ChangeResourceRecordSets GetHostedZone'),
    ('ec2', Limit(50, 10), 'DescribeSubnets DescribeSecurityGroups'),
    ('ecr', Limit(100, 100), 'BatchGetImage GetDownloadUrlForLayer'),
    ('secretsmanager', Limit(40, 20), 'DescribeSecret ListSecretVersionIds'),
    ('ssm', Limit(10, 3), 'DescribeParameters'),
    ('iam', Limit(20, 5), 'GetRole SimulatePrincipalPolicy'),
    ('acm', Limit(10, 10), 'DescribeCertificate'),
    (
        'servicediscovery',
        Limit(20, 10),
        'ListNamespaces GetNamespace ListServices ListTagsForResource GetOperation CreatePrivateDnsNamespace'
        ' CreateHttpNamespace CreateService UpdateService DeleteService TagResource',
    ),
    ('logs', Limit(10, 10), 'DescribeLogGroups CreateLogGroup'),
    ('logs', Limit(10, 10), 'GetLogEvents'),
    # The lowest of any region; it cannot be raised.
    ('logs', Limit(5, 5), 'FilterLogEvents'),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    ('cloudwatch', Limit(50, 50), 'GetMetricData'),
    ('cloudwatch', Limit(9, 9), 'DescribeAlarms'),
    ('cloudwatch', Limit(3, 3), 'PutMetricAlarm'),
    ('cloudwatch', Limit(3, 3), 'DeleteAlarms'),
    (_SCALING, Limit(5, 5), 'DescribeScalableTargets'),
    # It reads the alarms of the policies, within CloudWatch's limit.
    (_SCALING, Limit(9, 6), 'DescribeScalingPolicies'),
    (_SCALING, Limit(10, 5), 'DescribeScheduledActions'),
    (_SCALING, Limit(10, 5), 'ListTagsForResource'),
    # Asked when a person looks at a service.
    (_SCALING, Limit(20, 10), 'DescribeScalingActivities'),
    # It makes two alarms, within CloudWatch's limit of three a second.
    (_SCALING, Limit(3, 1.5), 'PutScalingPolicy'),
    (
        _SCALING,
        Limit(10, 5),
        'RegisterScalableTarget DeregisterScalableTarget DeleteScalingPolicy PutScheduledAction DeleteScheduledAction',
    ),
    ('scheduler', Limit(50, 50), 'CreateSchedule UpdateSchedule DeleteSchedule'),
    ('scheduler', Limit(50, 50), 'GetSchedule ListSchedules'),
    ('scheduler', Limit(5, 5), 'CreateScheduleGroup DeleteScheduleGroup'),
)

# Operation, as `ecs:UpdateService` → the category that it shares a bucket with, named by its first operation.
CATEGORY: dict[str, str] = {
    f'{service}:{operation}': f'{service}:{operations.split()[0]}'
    for service, _, operations in _CATEGORIES
    for operation in operations.split()
}
LIMITS: dict[str, Limit] = {f'{service}:{operations.split()[0]}': limit for service, limit, operations in _CATEGORIES}


class Pace:
    """The buckets of one account and region.

    `share` is the part of AWS's limits to use; every bucket has room for at least one call.
    """

    def __init__(self, share: float = DEFAULT_SHARE):
        if not 0 < share <= 1:
            raise ValueError(f'a share of the limits above 0, at most 1, not {share}')
        self._share = share
        self._buckets: dict[str, TokenBucket] = {}

    def _bucket(self, category: str, now: float) -> TokenBucket:
        if category not in self._buckets:
            limit = LIMITS[category]
            share = Limit(max(1.0, limit.burst * self._share), limit.rate * self._share)
            self._buckets[category] = TokenBucket(share, now)
        return self._buckets[category]

    def reserve(self, operation: str, now: float) -> float:
        """Seconds until a call of `operation` may be made; 0 for operations without a known limit."""
        category = CATEGORY.get(operation)
        return self._bucket(category, now).reserve(now) if category else 0.0

    def wait(self, operation: str, now: float) -> float:
        """What `reserve` would give, without a reservation."""
        category = CATEGORY.get(operation)
        return self._bucket(category, now).wait(now) if category else 0.0

    def throttled(self, operation: str, now: float) -> None:
        """Empty the bucket of a call that AWS throttled."""
        if category := CATEGORY.get(operation):
            self._bucket(category, now).drain(now)


def pause(attempt: int, random: Callable[[], float]) -> float:
    """Seconds before try number `attempt` + 1: anything up to a bound that doubles; `random` gives 0.0 to 1.0.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ ("full jitter")
    """
    # A float ends at 2.0**1024, which an outage of hours reaches.
    return random() * min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(attempt, 64))

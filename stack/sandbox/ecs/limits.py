"""AWS's published rate limits of the ECS API: one token bucket for each category of actions, account and region.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Quota(NamedTuple):
    """`burst` calls at once, then `rate` calls a second."""

    burst: int
    rate: float


_CATEGORIES: tuple[tuple[Quota, str], ...] = (
    (Quota(20, 1), 'CreateCluster DeleteCluster PutClusterCapacityProviders UpdateCluster UpdateClusterSettings'),
    (Quota(50, 20), 'DescribeClusters ListClusters'),
    (Quota(20, 1), 'DeregisterTaskDefinition RegisterTaskDefinition'),
    (Quota(50, 20), 'DescribeTaskDefinition ListTaskDefinitions ListTaskDefinitionFamilies'),
    (Quota(5, 1), 'DeleteTaskDefinitions'),
    (Quota(10, 1), 'CreateCapacityProvider DeleteCapacityProvider UpdateCapacityProvider'),
    (Quota(50, 20), 'DescribeCapacityProviders'),
    (Quota(20, 10), 'TagResource UntagResource'),
    (Quota(50, 20), 'ListTagsForResource'),
    (Quota(10, 1), 'DeleteAccountSetting PutAccountSetting PutAccountSettingDefault'),
    (Quota(50, 20), 'ListAccountSettings'),
    (
        Quota(100, 40),
        'DeleteAttributes DeregisterContainerInstance ExecuteCommand PutAttributes RunTask StartTask StopTask'
        ' UpdateContainerAgent UpdateContainerInstancesState',
    ),
    (Quota(100, 20), 'DescribeContainerInstances DescribeTasks ListAttributes ListContainerInstances ListTasks'),
    (
        Quota(200, 120),
        'RegisterContainerInstance SubmitAttachmentStateChanges SubmitContainerStateChange SubmitTaskStateChange',
    ),
    (Quota(50, 5), 'CreateService DeleteService UpdateService'),
    (Quota(100, 20), 'DescribeServices ListServices'),
    (
        Quota(50, 20),
        'DescribeServiceDeployments ListServiceDeployments StopServiceDeployment ContinueServiceDeployment',
    ),
    (Quota(50, 20), 'DescribeServiceRevisions'),
    (Quota(200, 80), 'UpdateTaskProtection GetTaskProtection'),
    (Quota(10, 1), 'ListServicesByNamespace'),
)

# Action → the category that it shares a bucket with, called by its first action.
CATEGORY: dict[str, str] = {a: actions.split()[0] for _, actions in _CATEGORIES for a in actions.split()}
QUOTA: dict[str, Quota] = {actions.split()[0]: quota for quota, actions in _CATEGORIES}


@dataclass
class Bucket:
    tokens: float
    at: float


@dataclass
class Limits:
    """The buckets of one account and region. Time comes with each call."""

    buckets: dict[str, Bucket] = field(default_factory=dict)

    def take(self, action: str, now: float) -> bool:
        """Whether the call may pass; actions without a published limit always may."""
        category = CATEGORY.get(action)
        if category is None:
            return True
        quota = QUOTA[category]
        bucket = self.buckets.setdefault(category, Bucket(quota.burst, now))
        bucket.tokens = min(quota.burst, bucket.tokens + max(0.0, now - bucket.at) * quota.rate)
        bucket.at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

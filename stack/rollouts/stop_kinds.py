"""The classes of reasons for which ECS stops tasks or cannot start them, each with what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StopReason:
    """`kind` is stable and for programs; `what` and `advice` are a sentence each, for a person.

    `expected` means that nothing is wrong: tasks are replaced and scaled in all the time.
    """

    kind: str
    what: str
    advice: str
    expected: bool = False


OUT_OF_MEMORY = StopReason(
    'out-of-memory',
    'A container used more memory than it may.',
    'Raise `memory` of the service, or find out why it needs more than before.',
)
IMAGE_PULL = StopReason(
    'image-pull',
    'The image could not be pulled.',
    'See that the tag exists in the registry, and that the execution role and the network let the host reach it.',
)
IMAGE_MISSING = StopReason(
    'image-pull',
    'The image could not be pulled: the registry has no such repository, tag or digest.',
    'See that the tag exists in the registry, and was not removed by a lifecycle policy.',
)
IMAGE_DENIED = StopReason(
    'image-pull',
    'The image could not be pulled: the registry denies access, or the repository does not exist.',
    'Allow the execution role (or the instance role) to read the repository; see that its name is right.',
)
IMAGE_LIMITED = StopReason(
    'image-pull',
    'The image could not be pulled: the registry limits the rate of pulls.',
    'Pull from ECR, for example through a pull-through cache, or sign in to the registry.',
)
IMAGE_UNREACHABLE = StopReason(
    'image-pull',
    'The image could not be pulled: the registry was not reached in time.',
    'Give the subnets a NAT gateway, a public address or VPC endpoints; see the security groups and DNS.',
)
IMAGE_PLATFORM = StopReason(
    'image-pull',
    'The image could not be pulled: it is not built for the processor or operating system of the host.',
    'Build the image for the platform of the task, or set the platform of the task to that of the image.',
)
DISK_FULL = StopReason(
    'image-pull',
    'The image could not be pulled: the disk of the host is full.',
    'Give the instances or the task more storage, or have old images removed.',
)
SECRET = StopReason(
    'secret',
    'A secret or parameter could not be read.',
    'See that the ARN in `secrets` exists, that the execution role may read and decrypt it, and that the network '
    'reaches Secrets Manager or Systems Manager.',
)
REGISTRY_AUTH = StopReason(
    'image-pull',
    'The credentials for the registry could not be had.',
    'Allow the execution role `ecr:GetAuthorizationToken`, or to read the secret with the credentials.',
)
REGISTRY_UNREACHABLE = StopReason(
    'network',
    'The registry could not be reached to sign in.',
    'Give the subnets a NAT gateway, a public address or VPC endpoints for ECR; see the security groups and DNS.',
)
ROLE = StopReason(
    'role',
    'ECS could not assume a role of the task or of the service.',
    'See that the role exists and that its trust policy names ecs-tasks.amazonaws.com (the service-linked role: '
    'ecs.amazonaws.com), and that the scheduler may pass it.',
)
VOLUME = StopReason(
    'volume',
    'A volume could not be made or mounted.',
    'See that the file system and its mount targets exist in the subnets of the task, that its security group lets '
    'the task in (EFS: port 2049), and that paths on the host exist.',
)
LOGGING = StopReason(
    'logging',
    'The log driver could not be set up.',
    'See that the log group exists in that region, that the execution role may create streams and put events, and '
    'that the network reaches CloudWatch Logs.',
)
NETWORK = StopReason(
    'network',
    'The network of the task could not be set up or reached.',
    'See that subnets and security groups exist and have free addresses and a way out.',
)
ELB_HEALTH = StopReason(
    'health-check-elb',
    'The load balancer found the task unhealthy.',
    'See that the application answers on `elb.healthcheck` port and path in time, and that the security group of '
    'the instances lets the load balancer in.',
)
CONTAINER_HEALTH = StopReason(
    'health-check-container',
    "The container's own health check failed.",
    'Run the command of `healthcheck` in the image; give a slow start more `start_period`.',
)
PORT_IN_USE = StopReason(
    'port-in-use',
    'The host port is in use already.',
    'Two tasks cannot share a host port on one instance: change `ports`, lower `minimum_healthy_percent`, or add '
    'instances.',
)
NO_CAPACITY = StopReason(
    'no-capacity',
    'No instance has room for the task.',
    'Add instances, or lower `memory`, `cpu` or `desired_count`; see that `placement_constraints` can be met.',
)
FARGATE_CAPACITY = StopReason(
    'no-capacity',
    'AWS has no capacity for the task at present.',
    'ECS goes on trying; offer subnets in more availability zones, or do not rely on Fargate Spot alone.',
)
QUOTA = StopReason(
    'no-capacity',
    "The task is beyond a quota of the account, as that of Fargate's vCPUs.",
    'Ask for a higher quota in Service Quotas, or lower `cpu`, `memory` or `desired_count`.',
)
DEPLOYMENT_CONFIGURATION = StopReason(
    'deployment-configuration',
    'ECS may neither stop an old task nor start a new one: minimum and maximum percent leave no room.',
    'Raise `maximum_percent`, or lower `minimum_healthy_percent`: of one task, 150 % is still one.',
)
PROTECTED = StopReason(
    'deployment-configuration',
    'ECS may not stop old tasks: more of them are protected from scale-in than tasks are wanted.',
    'End the protection of tasks that have finished their work.',
)
THROTTLED = StopReason(
    'throttled',
    'AWS limits the rate of calls that ECS makes for the service.',
    'ECS tries again by itself; deploy less at once, or ask for higher limits.',
)
REGISTRATION = StopReason(
    'registration-failed',
    'ECS could not register the task at its load balancer or in service discovery.',
    'See that the target group or the registry exists, in the VPC of the task, and that ECS may use it.',
)
INSTANCE_GONE = StopReason(
    'instance-gone',
    'The instance under the task went away.',
    'ECS starts the task elsewhere; nothing to do unless it happens often.',
    expected=True,
)
START_FAILED = StopReason(
    'start-failed',
    'A container could not be started.',
    'See that `command` and `entrypoint` exist in the image and are built for the processor of the host, and that '
    'the agent of the host works.',
)
ENVIRONMENT_FILE = StopReason(
    'start-failed',
    'A file with environment variables could not be downloaded.',
    'See that the object exists in S3, and that the execution role and the network let the host read it.',
)
STOPPED_BY_USER = StopReason(
    'stopped-by-user',
    'The task was stopped by a user, or by another program.',
    'Nothing to do: ECS starts another one if the service wants it.',
    expected=True,
)
REPLACED = StopReason('replaced', 'ECS replaced the task or scaled it in.', 'Nothing to do.', expected=True)

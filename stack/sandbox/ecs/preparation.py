"""Checks before a task's images are pulled: roles by ECS itself, secrets and log groups by the agent."""

from stack.sandbox.ecs import failures
from stack.sandbox.ecs.model import TaskDefinition, Wire
from stack.sandbox.ecs.world import World

TASKS = 'ecs-tasks.amazonaws.com'
_ROLES = ('executionRoleArn', 'taskRoleArn')


def refused_role(world: World, definition: TaskDefinition) -> str:
    """The first role of a task definition that ECS may not assume; empty if it may assume all."""
    roles = (definition.spec.get(name) for name in _ROLES)
    return next((role for role in roles if role and not world.ports.roles.may_assume(role, TASKS)), '')


def problem(world: World, definition: TaskDefinition) -> str:
    """The message for a secret that cannot be read, or a log group that cannot be used; empty if all can."""
    for container in definition.spec['containerDefinitions']:
        logging: Wire = container.get('logConfiguration', {})
        for secret in [*container.get('secrets', []), *logging.get('secretOptions', [])]:
            if not world.ports.secrets.exists(secret['valueFrom']):
                return failures.secret_missing(secret['valueFrom'])
        if logging.get('logDriver') == 'awslogs':
            reason = _log_problem(world, definition, logging['options'])
            if reason:
                return reason
    return ''


def _log_problem(world: World, definition: TaskDefinition, options: Wire) -> str:
    if world.ports.logs.has_group(options['awslogs-group']):
        return ''
    if options.get('awslogs-create-group') != 'true':
        return failures.log_group_missing()
    role = definition.spec.get('executionRoleArn')
    if role and not world.ports.roles.may_do(role, 'logs:CreateLogGroup'):
        return failures.log_group_denied()
    return ''

"""Checks of the agent before it pulls a task's images: secrets and log groups."""

from stack.sandbox.ecs import failures
from stack.sandbox.ecs.model import TaskDefinition, Wire
from stack.sandbox.ecs.world import World


def problem(world: World, definition: TaskDefinition) -> str:
    """The message for a secret or a log group that does not exist; empty if all do."""
    for container in definition.spec['containerDefinitions']:
        logging: Wire = container.get('logConfiguration', {})
        for secret in [*container.get('secrets', []), *logging.get('secretOptions', [])]:
            if not world.ports.secrets.exists(secret['valueFrom']):
                return failures.secret_missing(secret['valueFrom'])
        options = logging.get('options', {})
        if (
            logging.get('logDriver') == 'awslogs'
            and options.get('awslogs-create-group') != 'true'
            and not world.ports.logs.has_group(options['awslogs-group'])
        ):
            return failures.log_group_missing()
    return ''

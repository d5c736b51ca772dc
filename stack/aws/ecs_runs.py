"""The adapter that starts tasks on request."""

from collections.abc import Mapping
from typing import Any

from stack.aws.client import AwsClient
from stack.errors import AwsFailed


class EcsRuns:
    def __init__(self, aws: AwsClient):
        self._aws = aws

    async def run(self, arguments: Mapping[str, Any]) -> str:
        """Start one task, and return its ARN. Raises `AwsFailed`, also where ECS finds no room for it.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
        """
        answer = await self._aws.call('ecs', 'RunTask', **arguments)
        if not answer['tasks']:
            reasons = ', '.join(sorted({failure.get('reason', '?') for failure in answer['failures']}))
            raise AwsFailed(f'ECS could not start the task: {reasons}', 'ecs:RunTask', reasons)
        return str(answer['tasks'][0]['taskArn'])

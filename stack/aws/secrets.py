"""The adapter of Secrets Manager: secrets that are JSON objects."""

import json
from typing import Any

from stack.aws.client import AwsClient
from stack.errors import AwsFailed, Misconfigured


async def read_secret(connection: AwsClient, name: str) -> dict[str, Any] | None:
    """The values in the secret, None where there is no such secret. Raises `Misconfigured` for other JSON."""
    try:
        answer = await connection.call('secretsmanager', 'GetSecretValue', SecretId=name)
    except AwsFailed as failed:
        if failed.aws_code == 'ResourceNotFoundException':
            return None
        raise
    try:
        values = json.loads(answer.get('SecretString') or answer.get('SecretBinary') or '')
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise Misconfigured(f'The secret {name} is not a JSON object.')
    return values

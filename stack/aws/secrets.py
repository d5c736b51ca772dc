"""Secrets Manager: a secret that holds a JSON object."""

import json
from typing import Any

from stack.aws.client import AwsClient
from stack.errors import AwsFailed, Misconfigured


async def read_secret(connection: AwsClient, name: str) -> dict[str, Any] | None:
    """What the secret holds, or None where there is none. Raises `Misconfigured` for anything but an object."""
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
        raise Misconfigured(f'The secret {name} does not hold a JSON object.')
    return values

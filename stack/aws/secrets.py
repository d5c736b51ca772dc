"""The adapter of Secrets Manager: secrets that are JSON objects, and descriptions of secrets."""

import json
from typing import Any

from stack.aws.client import AwsClient
from stack.errors import AwsFailed, Misconfigured
from stack.rehearsal.facts import Secret


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


async def described_secret(aws: AwsClient, arn: str) -> Secret | None:
    """A secret without its value, None where there is none.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
    """
    try:
        answer = await aws.call('secretsmanager', 'DescribeSecret', region=region_of(arn), SecretId=arn)
    except AwsFailed as failed:
        if failed.aws_code == 'ResourceNotFoundException':
            return None
        raise
    stages = {version: tuple(labels) for version, labels in (answer.get('VersionIdsToStages') or {}).items()}
    return Secret('DeletedDate' in answer, stages)


def region_of(arn: str) -> str | None:
    """The region of a secret; None for a name, which is looked up in the caller's own."""
    parts = arn.split(':')
    return parts[3] if len(parts) > 3 else None

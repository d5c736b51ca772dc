"""The adapter of IAM: roles, their trust policies, and what they may do."""

import json
from typing import Any
from urllib.parse import unquote

from stack.aws.client import AwsClient
from stack.errors import AwsFailed
from stack.rehearsal.facts import Role


async def described_role(aws: AwsClient, arn: str) -> Role | None:
    """A role by its ARN or its name, None where there is none of that name. Raises `AwsFailed`.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """
    try:
        answer = await aws.call('iam', 'GetRole', RoleName=arn.rpartition('/')[2])
    except AwsFailed as failed:
        if failed.aws_code in ('NoSuchEntity', 'NoSuchEntityException'):
            return None
        raise
    role = answer['Role']
    return Role(role['Arn'], _policy(role.get('AssumeRolePolicyDocument')))


async def is_allowed(aws: AwsClient, role: str, action: str, resource: str) -> bool:
    """Whether the policies of a role allow an action on a resource. Raises `AwsFailed`.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    answer = await aws.call(
        'iam', 'SimulatePrincipalPolicy', PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]
    )
    return any(each['EvalDecision'] == 'allowed' for each in answer.get('EvaluationResults') or ())


def _policy(document: Any) -> dict[str, Any]:
    """A policy; botocore decodes it unless the service is not IAM itself."""
    if isinstance(document, str):
        try:
            document = json.loads(unquote(document))
        except ValueError:
            return {}
    return document if isinstance(document, dict) else {}

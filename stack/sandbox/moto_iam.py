"""Additions to moto's IAM: roles that no user created, and the simulation of policies.

The embedded AWS does not ask IAM: every role exists and may do everything. A role that was created is different: its
trust policy and its policies count. A role with the word `missing` in its name does not exist.
"""

import fnmatch
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import NotFoundException
from moto.iam.models import ManagedPolicy, Role, iam_backends
from moto.iam.responses import IamResponse

from stack.sandbox.patching import replace

TASKS = 'ecs-tasks.amazonaws.com'
_TRUST = json.dumps(
    {
        'Version': '2012-10-17',
        'Statement': [{'Effect': 'Allow', 'Principal': {'Service': TASKS}, 'Action': 'sts:AssumeRole'}],
    }
)
# The id of roles that no user created.
_NOT_CREATED = 'AROA0000000000000000'
_MISSING = re.compile(r'(^|[-_.])missing($|[-_.])')


def install() -> None:
    replace(IamResponse, 'get_role', _get_role)
    # moto has no such action; it finds actions by the names of methods.
    IamResponse.simulate_principal_policy = _simulate_principal_policy  # type: ignore[attr-defined]  # see above


def role(account: str, arn: str) -> Role | None:
    """The role of that ARN or name, None where it does not exist."""
    name = arn.rpartition('/')[2]
    partition = arn.split(':')[1] if arn.startswith('arn:aws') else 'aws'
    found: Role | None = next(
        (each for each in iam_backends[account][partition].get_roles() if each.name == name), None
    )
    if found is None and not _MISSING.search(name):
        made: Callable[..., Role] = Role
        return made(account, partition, _NOT_CREATED, name, _TRUST, '/', None, '', [], '3600')
    return found


def may_assume(account: str, arn: str, service: str) -> bool:
    """Whether a service may assume a role, `ecs-tasks.amazonaws.com` for that of a task."""
    found = role(account, arn)
    if found is None or found.id == _NOT_CREATED:
        return found is not None
    return any(
        statement.get('Effect') == 'Allow' and service in _listed((statement.get('Principal') or {}).get('Service'))
        for statement in _listed(json.loads(found.assume_role_policy_document).get('Statement'))
    )


def may_do(account: str, arn: str, action: str) -> bool:
    """Whether a role may do something; resources and conditions of its policies are not looked at."""
    found = role(account, arn)
    if found is None or found.id == _NOT_CREATED:
        return found is not None
    effects = {
        statement['Effect']
        for statement in _statements(found)
        if any(fnmatch.fnmatch(action.lower(), str(name).lower()) for name in _listed(statement.get('Action')))
    }
    return effects == {'Allow'}


def _statements(found: Role) -> Iterator[Any]:
    documents = [*found.policies.values(), *(_document(policy) for policy in found.managed_policies.values())]
    for document in documents:
        yield from _listed(json.loads(document).get('Statement'))


def _document(policy: ManagedPolicy) -> str:
    return next((version.document for version in policy.versions if version.is_default), '{}')


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _get_role(self: IamResponse) -> ActionResult:
    name = self._get_param('RoleName')
    found = role(self.current_account, name)
    if found is None:
        raise NotFoundException(f'The role with name {name} cannot be found.')
    return ActionResult({'Role': found})


def _simulate_principal_policy(self: IamResponse) -> ActionResult:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html"""
    arn = self._get_param('PolicySourceArn')
    if role(self.current_account, arn) is None:
        raise NotFoundException(f'The role with ARN {arn} cannot be found.')
    results = [
        {
            'EvalActionName': action,
            'EvalResourceName': '*',
            'EvalDecision': 'allowed' if may_do(self.current_account, arn, action) else 'implicitDeny',
        }
        for action in self._get_param('ActionNames', [])
    ]
    return ActionResult({'EvaluationResults': results, 'IsTruncated': False})

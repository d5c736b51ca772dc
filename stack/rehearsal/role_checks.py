"""Checks of roles: whether they exist, and whether ECS may assume them for tasks."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from stack.rehearsal.facts import Facts, Role
from stack.rehearsal.start import Probe, Results, Start
from stack.rollouts.stop_kinds import ROLE

CHECK = 'roles'

TASKS = 'ecs-tasks.amazonaws.com'
ASSUME = ('sts:assumerole', 'sts:*', '*')

# The members of a task definition that name roles, and the fields of the stackfile that render them.
FIELDS = {'executionRoleArn': 'task_execution_role_arn', 'taskRoleArn': 'task_role_arn'}


def role_probes(start: Start) -> Iterator[Probe]:
    for member, path in FIELDS.items():
        arn = start.wanted.definition.get(member)
        if arn:
            yield Probe(start.service, CHECK, path, partial(_ask, start, path, str(arn)))


async def _ask(start: Start, path: str, arn: str, facts: Facts) -> Results:
    return list(judge_role(start, path, arn, await facts.role(arn)))


def judge_role(start: Start, path: str, arn: str, role: Role | None) -> Results:
    if role is None:
        yield start.finding(CHECK, path, ROLE, f'IAM has no role {arn}.')
    elif ':' in arn and _account(arn) != _account(role.arn):
        message = f'The role {arn} is in another account than the tasks ({_account(role.arn)}).'
        yield start.finding(CHECK, path, ROLE, message)
    elif not may_be_assumed(role.trust):
        message = f'The trust policy of {arn} does not let {TASKS} assume the role.'
        yield start.finding(CHECK, path, ROLE, message)


def _account(arn: str) -> str:
    return arn.split(':')[4] if arn.count(':') > 4 else ''


def may_be_assumed(trust: Mapping[str, Any]) -> bool:
    """Whether a trust policy lets ECS assume the role for tasks; conditions count as met.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    statements = [each for each in _listed(trust.get('Statement')) if isinstance(each, Mapping) and _is_about(each)]
    denied = any(each.get('Effect') == 'Deny' and not each.get('Condition') for each in statements)
    return not denied and any(each.get('Effect') == 'Allow' for each in statements)


def _is_about(statement: Mapping[str, Any]) -> bool:
    """Whether a statement is about ECS's tasks assuming the role. A negated element counts as not about it."""
    actions = [str(action).lower() for action in _listed(statement.get('Action'))]
    principal = statement.get('Principal')
    services = _listed(principal.get('Service')) if isinstance(principal, Mapping) else _listed(principal)
    everyone = isinstance(principal, Mapping) and '*' in _listed(principal.get('AWS'))
    return any(action in ASSUME for action in actions) and (everyone or TASKS in services or '*' in services)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else [] if value is None else [value]

"""The table of IAM permissions against every call of AWS in the sources."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import botocore.session
import pytest

from stack.configuration import permissions
from stack.configuration.permissions import PERMISSIONS

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / 'stack' / 'aws').glob('*.py'), *(ROOT / 'stack' / 'reconcile').glob('*.py')])
CALL = re.compile(r'([a-z0-9-]+):([A-Z][A-Za-z0-9]+)')


@cache
def operations(service: str) -> frozenset[str]:
    """The names of a service's operations, none where boto3 has no such service."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return frozenset()
    return frozenset(session.get_service_model(service).operation_names)


def calls_in(source: str) -> set[str]:
    """Calls that are named in a source: `ecs:RunTask` in one text, or service and operation as arguments of one call.

    An operation alone is one of a service that the same source names, as `self._call('PutObject', …)`.
    """
    tree = ast.parse(source)
    whole = [CALL.fullmatch(node.value) for node in ast.walk(tree) if _is_text(node)]
    found = {(pair[1], pair[2]) for pair in whole if pair}
    arguments = [[_text(each) for each in node.args[:2]] for node in ast.walk(tree) if isinstance(node, ast.Call)]
    services = {given[0] for given in arguments if given and operations(given[0])}
    for given in arguments:
        if len(given) == 2 and given[0] in services:
            found.add((given[0], given[1]))
        elif given:
            found |= {(service, given[0]) for service in services}
    return {f'{service}:{name}' for service, name in found if name in operations(service)}


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _text(node: ast.expr) -> str:
    return node.value if _is_text(node) else ''


def test_every_call_in_the_sources_is_in_the_table_and_nothing_else():
    found = set().union(*(calls_in(path.read_text()) for path in SOURCES))
    assert {'s3:PutObject', 'ecs:CreateService', 'elbv2:CreateLoadBalancer', 'sqs:SendMessage'} <= found
    assert {permission.call for permission in PERMISSIONS} == found


@pytest.mark.parametrize('role', permissions.BOTH)
def test_the_policy_is_one_and_says_what_the_table_says(role: permissions.Role):
    policy = json.loads(permissions.policy(role))
    stated = {statement['Resource']: statement['Action'] for statement in policy['Statement']}
    assert stated == permissions.actions(role)
    conditions = {each['Resource']: each['Condition'] for each in policy['Statement'] if 'Condition' in each}
    assert conditions == {resource: permissions.CONDITIONS[resource] for resource in conditions}
    assert permissions.TASK_ROLES not in stated or permissions.TASK_ROLES in conditions


def test_what_aws_checks_beside_the_call_itself_is_in_it():
    allowed = permissions.actions('scheduler')
    beside = ('Addresses', 'InternetGateways', 'SecurityGroups', 'Subnets', 'Vpcs', 'AccountAttributes')
    assert {f'ec2:Describe{each}' for each in beside} <= set(allowed[permissions.ANY])
    assert 'route53:ListHostedZonesByName' in allowed[permissions.ANY]
    assert allowed[permissions.LINKED_ROLES] == ['iam:CreateServiceLinkedRole']
    assert allowed[permissions.TASK_ROLES] == ['iam:PassRole']


def test_the_server_changes_nothing_in_ecs():
    changing = re.compile(r'[a-z0-9-]+:(?!Get|BatchGet|List|Describe|Filter|Simulate)')
    assert not [action for action in permissions.actions('server')[permissions.ANY] if changing.match(action)]

"""The OpenAPI document: it is valid, has the complete API, and describes what the server answers."""

import json
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError
from openapi_spec_validator import OpenAPIV31SpecValidator

from handlers.api.operation import VERBS
from handlers.document.openapi import MEANING, Endpoint, endpoints
from handlers.document.schemas import PAGES, SCHEMAS
from handlers.document.schemas.live_events import IN_OTHER_DETAIL
from handlers.routes import ROUTES
from stack.reconcile import names
from tests import conformance
from tests.aws import Aws
from tests.client import Answer
from tests.guarded import Guarded
from tests.server import Server

ROOT = Path(__file__).parents[2]
API = conformance.api()
OPERATIONS = [(path, verb, operation) for path, verbs in API['paths'].items() for verb, operation in verbs.items()]
IDS = [operation['operationId'] for _, _, operation in OPERATIONS]
SHAPES = API['components']['schemas']


def references(value) -> set[str]:
    if isinstance(value, dict):
        own = {value['$ref']} if isinstance(value.get('$ref'), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_it_is_an_openapi_document():
    assert not [str(fault) for fault in OpenAPIV31SpecValidator(API).iter_errors()]


def test_every_verb_of_every_route_is_in_it_and_nothing_else():
    routed = {
        (re.sub(r'\(.*?\)', '{}', pattern), verb)
        for pattern, handler in ROUTES
        for verb in VERBS
        if verb in vars(handler) and getattr(handler, verb).operation.answer not in PAGES
    }
    assert {(re.sub(r'\{.*?\}', '{}', path), verb) for path, verb, _ in OPERATIONS} == routed


def test_no_two_operations_share_an_id():
    assert len(IDS) == len(set(IDS))


def test_every_reference_leads_somewhere():
    for reference in references(API):
        found = API
        for part in reference.removeprefix('#/').split('/'):
            found = found[part]


def test_every_shape_is_of_use():
    named = {reference.rpartition('/')[2] for reference in references(API)}
    # The messages of the WebSocket, which OpenAPI has no operation for.
    assert named >= set(SHAPES) - PAGES - {'LiveEvent'} - IN_OTHER_DETAIL


def test_every_refusal_has_a_meaning():
    declared = {status for endpoint in endpoints(ROUTES) for status in endpoint.operation.refusals}
    assert declared <= set(MEANING)


@pytest.mark.parametrize('name', [name for name in SHAPES if 'examples' in SHAPES[name]])
def test_examples_are_what_they_are_examples_of(name: str):
    for example in SHAPES[name]['examples']:
        conformance.validator(name).validate(example)


@pytest.mark.parametrize('each', list(endpoints(ROUTES)), ids=lambda each: each.id)
def test_every_body_and_answer_has_an_example(each: Endpoint):
    for name in {each.operation.body, each.operation.answer} - {None, 'JsonSchema', 'OpenApi', 'MetricsText'}:
        assert SHAPES[name]['examples']


@pytest.mark.parametrize('name', SCHEMAS)
def test_shapes_are_json_schemas(name: str):
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('ClusterNames', {}),
        ('ClusterNames', {'content': [], 'more': 1}),
        ('Accepted', {'revision': 7}),
        ('Error', {'error': 'x', 'message': 'y'}),
        ('Cluster', {'name': 'staging', 'services': []}),
    ],
)
def test_what_is_written_down_nowhere_is_found(name: str, content: dict):
    with pytest.raises(AssertionError, match=name):
        conformance.check_shape(name, Answer(200, {}, json.dumps(content).encode()))
    with pytest.raises(ValidationError):
        conformance.validator(name).validate(content)


def test_a_status_that_is_not_declared_is_found():
    with pytest.raises(AssertionError, match='418'):
        conformance.hold_against_document('GET', '/api/v1/clusters', Answer(418, {'X-Request-Id': 'r'}, b'{}'))


# Calls of AWS that are permitted under another name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
ACTIONS = {
    's3:HeadObject': 's3:GetObject',
    's3:ListObjectsV2': 's3:ListBucket',
    's3:ListObjectVersions': 's3:ListBucketVersions',
}

# One call of each operation, in an order in which each succeeds, after `staging` and `living` were made in ECS.
LOGGING = {
    'log_driver': 'awslogs',
    'options': {'awslogs-group': '/ecs/staging', 'awslogs-region': 'us-east-1', 'awslogs-stream-prefix': 'svc'},
}
CONFIG = {'services': [{'web': {'image': '{image}', 'desired_count': 1, 'logging': LOGGING}}]}
CALLS = {
    'postClusters': {'name': 'staging', 'config': CONFIG},
    'getAccounts': None,
    'getClusters': None,
    'getCluster': None,
    'getConfig': None,
    'putConfig': CONFIG,
    'postDeploy': None,
    'postPlan': CONFIG,
    'getServices': None,
    'getService': None,
    'getRollout': None,
    'postRun': {'command': ['report'], 'client_token': 'today'},
    'getRuns': None,
    'getOneRun': None,
    'getTags': None,
    'getLogs': None,
    'getMetricSeries': None,
    'getClusterMetricSeries': None,
    'putService': {'image_tag': 'v2'},
    'postRollback': {'message': 'too slow'},
    'getQuarantines': None,
    'getQuarantine': None,
    'deleteQuarantine': {'reason': 'it was the network'},
    'patchServices': {'services': {'web': {'desired_count': 2}}},
    'getConfiguration': None,
    'getVersions': None,
    'getSpec': None,
    'putSpec': {'image': '{image}', 'desired_count': 2, 'approvals': {'self': True}},
    'postProposals': {'services': {'web': {'desired_count': 3}}},
    'getProposals': None,
    'getAllProposals': None,
    'getOneProposal': None,
    'postReject': {'reason': 'not today'},
    'patchSpec': {'desired_count': 1, 'approvals': None},
    'postApprove': {'reason': 'it is enough'},
    'postRestart': None,
    'putFreeze': {'reason': 'the big sale', 'until': '2999-01-01T00:00:00Z'},
    'getFreeze': None,
    'deleteFreeze': None,
    'putFreezes': {
        'content': [{'cron': '0 0 1 1 ? 2199', 'duration': '1d', 'reason': 'new year', 'clusters': ['staging']}]
    },
    'getFreezes': None,
    'postPromote': {'from': 'production'},
    'getAudit': None,
    'getRevisions': None,
    'getOneRevision': None,
    'getRevisionDiff': None,
    'postStop': {'reason': 'too slow'},
    'postContinue': {'hook': 'pause-1', 'action': 'rollback'},
    'deleteService': None,
    'deleteCluster': None,
    'postRestore': None,
    'getCurrentSession': None,
    'postCurrentSession': {'token': '{token}'},
    'deleteCurrentSession': None,
    'getTokens': None,
    'postTokens': {'name': 'x', 'role': 'viewer', 'expires': '1d'},
    'postRotate': {},
    'deleteOneToken': None,
    'getInstallationAudit': None,
    'getEcsClusters': None,
    'getActivity': None,
    'getDeploymentStats': None,
    'postAdopt': None,
    'postValidate': CONFIG,
    'getJsonSchema': None,
    'getOpenApi': None,
    'getAlive': None,
    'getReady': None,
    'getMetrics': None,
}


def roll_out(aws: Aws, cluster: str, service: str) -> None:
    """Run a service, and begin another deployment of it."""
    ecs = aws.client('ecs')
    # A service of that name that another test deleted has drained by then.
    aws.advance(300)
    for tag in ('v1', 'v2'):
        containers = [{'name': service, 'image': f'team/{service}:{tag}', 'memory': 64}]
        registered = ecs.register_task_definition(family=service, containerDefinitions=containers)
        arguments = {'cluster': cluster, 'taskDefinition': registered['taskDefinition']['taskDefinitionArn']}
        if tag == 'v1':
            ecs.create_service(serviceName=service, desiredCount=1, **arguments)
            aws.advance(120)
        else:
            ecs.update_service(service=service, **arguments)


@pytest.fixture
def played(guarded: Guarded) -> Guarded:
    """`ask` holds each answer against the document; here every operation succeeds once."""
    guarded.aws.cluster('staging')
    guarded.aws.cluster('living')
    image = guarded.aws.image(guarded.aws.repository(tags=['v1', 'v2']), 'v1')
    token = guarded.token('viewer')
    guarded.managed('production')
    assert set(CALLS) == set(IDS), 'write down a call of each operation'
    found = {operation['operationId']: (path, verb, operation) for path, verb, operation in OPERATIONS}
    for name, body in CALLS.items():
        path, verb, operation = found[name]
        if name == 'postStop':
            roll_out(guarded.aws, 'staging', 'web')
        cluster = 'living' if name == 'postAdopt' else 'staging'
        address = path.replace('{cluster}', cluster).replace('{service}', 'web').replace('{revision}', 'current')
        address = address.replace('{token}', token.split('_')[1])
        address = address.replace('{run}', names.token('staging', 'web', 'today')[:20])
        if '{proposal}' in address:
            listed = guarded.as_(guarded.admin, 'GET', '/proposals').json['content']
            address = address.replace('{proposal}', listed[0]['id'])
        sent = json.loads(json.dumps(body).replace('{image}', image).replace('{token}', token)) if body else None
        answer = guarded.ask(verb.upper(), address, sent, Authorization=f'Bearer {guarded.admin}')
        assert str(answer.status) == next(iter(operation['responses'])), answer.body
    return guarded


def test_every_operation_was_answered_as_the_document_says(played: Server):
    counted = played.ask('GET', '/metrics').body.decode()
    assert 'nysa_http_request_duration_seconds' in counted


def test_the_policy_in_the_readme_allows_every_call_of_aws_that_was_made(played: Server):
    counted = played.ask('GET', '/metrics').body.decode()
    called = set(re.findall(r'nysa_aws_calls_total\{operation="([^"]+)"', counted))
    assert 's3:PutObject' in called
    for call in called:
        assert is_allowed(ACTIONS.get(call, call), policies()[0]), call


def test_the_second_policy_in_the_readme_allows_every_step_of_a_plan():
    sources = [path.read_text() for path in (ROOT / 'stack' / 'reconcile').glob('*.py')]
    steps = {step for source in sources for step in re.findall(r"'(\w+:[A-Z]\w+)'", source)}
    assert {'ecs:CreateService', 'elbv2:CreateLoadBalancer'} <= steps
    for step in steps:
        assert is_allowed(step, ' '.join(policies())), step


def policies() -> list[str]:
    """Those in docs/production.md: the server's, and the scheduler's."""
    return re.findall(r'^```json\n(.*?)^```$', (ROOT / 'docs' / 'production.md').read_text(), re.MULTILINE | re.DOTALL)


def is_allowed(call: str, policy: str) -> bool:
    needed = call.replace('elbv2:', 'elasticloadbalancing:')
    return any(fnmatch(needed, action) for action in re.findall(r'"([a-z0-9-]+:[A-Za-z*]+)"', policy))


def test_the_document_is_served_as_it_is(server: Server):
    answer = server.ask('GET', '/api/v1/openapi.json')
    assert answer.json == API

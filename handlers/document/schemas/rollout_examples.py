"""A rollout to show: user-service a minute after its image was changed, one of two new tasks running."""

from typing import Any

from handlers.document.schemas.build import DIGEST, IMAGE, REVISION

STORED_AT = '2030-04-02T09:21:44.310+00:00'
OBSERVED_AT = '2030-04-02T09:22:51.070+00:00'

DEFINITION = 'arn:aws:ecs:us-east-1:123456789012:task-definition/staging-user-service:8'
DEPLOYMENT = 'ecs-svc/1234567890123456789'

COUNTS = {'desired': 2, 'running': 1, 'pending': 1, 'failed': 0}
PROGRESS = {'state': 'rolling-out', 'percent': 50, 'verdict': None}
SEEN = {'sync': 'rolling-out', 'health': 'healthy'}

OBSERVED: dict[str, Any] = {
    **SEEN,
    'drifted': [],
    'unmanaged': [],
    'observed_at': OBSERVED_AT,
    'failing': None,
    'unreadable': None,
}

DEPLOYED = {
    'image': IMAGE,
    'image_tag': 'v1.4.2',
    **COUNTS,
    'status': 'ACTIVE',
}

ROW = {
    'name': 'user-service',
    'image': IMAGE,
    'image_tag': 'v1.4.2',
    'desired_count': 2,
    **SEEN,
    'deployed': DEPLOYED,
    'image_since': '2030-04-01T16:40:09.120000+00:00',
    **PROGRESS,
}

STATE = {
    **ROW,
    'managed': True,
    'revision': REVISION,
    **COUNTS,
    'deployment': DEPLOYMENT,
    'task_definition': DEFINITION,
    'image_before': IMAGE.replace('v1.4.2', 'v1.4.1'),
    'events': [{'at': '2030-04-02T09:22:40.000+00:00', 'message': '(service user-service) has started 1 tasks.'}],
    'stop_reasons': [],
    'trouble': None,
    'failing_since': None,
    'stale_secrets': [],
}

REVISION_ROLLOUT = {
    'revision': REVISION,
    **PROGRESS,
    'services': ['user-service'],
    'since': STORED_AT,
    'seconds': None,
    'usual_seconds': 62.5,
}

ROLLOUT = {
    'cluster': 'staging',
    'revision': REVISION,
    'message': '50 % there; under way: user-service.',
    'settled': False,
    **OBSERVED,
    **PROGRESS,
    'seconds': None,
    'services': [STATE],
}

TASK = {
    'id': '72e2ced87eb19c6917c09e57ad4d8a36',
    'status': 'RUNNING',
    'health': 'HEALTHY',
    'task_definition': DEFINITION,
    'deployment': DEPLOYMENT,
    'created_at': '2030-04-02T09:22:01.000+00:00',
    'started_at': '2030-04-02T09:22:09.000+00:00',
    'containers': [{'name': 'user-service', 'image': IMAGE, 'digest': DIGEST, 'exit_code': None}],
}

SERVICE = {
    **STATE,
    'settings': {'image': IMAGE, 'ports': ['80:80'], 'desired_count': 2},
    'deployments': [
        {
            'id': DEPLOYMENT,
            'status': 'PRIMARY',
            'state': 'IN_PROGRESS',
            'reason': f'ECS deployment {DEPLOYMENT} in progress.',
            'task_definition': DEFINITION,
            'image': IMAGE,
            **COUNTS,
            'created_at': '2030-04-02T09:21:58.000+00:00',
        }
    ],
    'failing': None,
    'tasks': [TASK],
    'flight': None,
    'schedule': None,
    'log': None,
}

LOG = {
    'group': '/ecs/staging',
    'stream': 'svc/user-service/72e2ced87eb19c6917c09e57ad4d8a36',
    'task': '72e2ced87eb19c6917c09e57ad4d8a36',
    'lines': [{'at': '2030-04-02T09:22:31.000+00:00', 'message': 'RuntimeError: DATABASE_URL is not set'}],
}

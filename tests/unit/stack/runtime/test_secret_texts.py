"""Secrets inside text: what is masked, what stays readable, and that no text takes long."""

import time

import pytest

from stack.runtime import secret_texts
from stack.runtime.secret_texts import MASK, masked_text

# `hunter2` is the secret in each.
SECRETS = [
    # options of the JVM and of programs
    'java -Dfoo.password=hunter2 -jar x.jar',
    'run --db-password=hunter2 --verbose',
    'run --token hunter2 --verbose',
    'run --token "hunter2 and more" --verbose',
    'redis-server --requirepass hunter2',
    'curl -u admin:hunter2 https://example.com',
    'curl --user "admin:hunter2" https://example.com',
    'curl -H "X-Api-Key: hunter2" https://example.com',
    'mysql -u root -phunter2 app',
    'redis-cli -a hunter2 ping',
    'sshpass -p hunter2 ssh host',
    'sqlcmd /p:Password=hunter2',
    # assignments
    'PASSWORD=hunter2 with blanks',
    'PGPASSWORD=hunter2 psql -h db',
    'export DB_PASS=hunter2; start',
    "password='hunter2 x'",
    'connect user=app password=hunter2 host=db',
    'password: hunter2',
    'login with password: hunter2, retrying',
    'token: hunter2',
    'DB_PASSWORD_OLD => hunter2',
    '{"password": "hunter2"}',
    '{"a": {"db_password":"hun\\"hunter2"}}',
    '{\\"password\\": \\"hunter2\\"}',
    "{'password': 'hunter2'}",
    'X-Auth-Token:hunter2',
    'a=b&password=hunter2&c=d',
    # connection strings
    'Server=db;User Id=app;Password=hunter2;Encrypt=yes',
    'AccountName=a;AccountKey=hunter2==;EndpointSuffix=core',
    'Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=hunter2',
    'jdbc:postgresql://db/x?user=a&password=hunter2',
    'https://example.com/x?a=b&token=hunter2&c=d',
    'https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=hunter2',
    # addresses
    'postgres://app:hunter2@db:5432/x',
    'connects to postgres://app:hunter2@db/x now',
    'redis://:hunter2@cache',
    'postgres://app:hun/hunter2@db',
    'amqp://a:p@h,amqp://b:hunter2@i',
    'jdbc:x://a?url=postgres://u:hunter2@h',
    'https://hunter2@o0.ingest.sentry.io/1',
    # webhooks
    'https://hooks.slack.com/services/T0/B0/hunter2',
    'https://discord.com/api/webhooks/123/hunter2',
    'https://x.webhook.office.com/webhookb2/a@b/IncomingWebhook/hunter2/c',
    'https://chat.example.com/hooks/hunter2',
    'https://hooks.zapier.com/hooks/catch/1/hunter2/',
    'https://api.telegram.org/bot123:hunter2/sendMessage',
    'https://events.pagerduty.com/integration/hunter2/enqueue',
    # shapes
    'eyJhbGciOiJI.hunter2hunter2.abcdefg',
    'ghp_hunter2hunter2hunter2',
    'github_pat_hunter2hunter2hunter2',
    'glpat-hunter2hunter2',
    'sk_live_hunter2hunter2',
    'xoxb-1-hunter2hunter2',
    'sk-hunter2hunter2hunter2',
    'npm_hunter2hunter2hunter2',
    'hvs.hunter2hunter2',
    'ya29.hunter2hunter2',
    'SG.hunter2hunter2.hunter2hunter2',
    'nysa_abc123_hunter2hunter2',
    '-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\nhunter2',
    'Authorization: Bearer hunter2',
    'authorization: hunter2',
    'Bearer hunter2hunter2',
]

WHOLE = [
    'AKIAIOSFODNN7EXAMPLE',
    'ASIAIOSFODNN7EXAMPLE',
    'LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t',
    'AIzaSyA1234567890abcdefghijklmnopqrstuv',
    'SK0123456789abcdef0123456789abcdef',
    '123456789:AAabcdefghijklmnopqrstuvwxyz0123456',
]

PLAIN = [
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable '
    'to retrieve secret from asm: service call has been retried 1 time(s): secrets manager: failed to retrieve secret '
    'from secrets manager: arn:aws:secretsmanager:us-east-1:1:secret:db-AbCdEf',
    'AccessDeniedException: User is not authorized to perform: ecs:DescribeServices',
    'The security token included in the request is invalid',
    '(service web) has started 1 tasks: (task 0123456789abcdef0123456789abcdef).',
    'nginx:1',
    'team/auth-token:v1',
    'password-reset:v12',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com/token-service:abc123def456',
    'host:5000/team/app:v1@sha256:' + '0' * 64,
    'http://host:8080/path',
    'https://example.com/docs?page=2',
    'http://host:8080/path?email=a@example.com',
    'ssh://git@github.com/team/app',
    'git@github.com:team/app',
    'postgres://app:${PASSWORD}@db/app',
    'https://${TOKEN}@example.com',
    'docker run -u 1000:1000 -p 80:80 nginx',
    'basic auth is used, the bearer token is missing',
    'curl -f http://localhost:8080/health || exit 1',
    'key: value',
    'deploying...',
    '',
]


@pytest.mark.parametrize('text', SECRETS)
def test_secrets_in_texts_are_masked(text: str):
    shown = masked_text(text)
    assert 'hunter2' not in shown
    assert MASK in shown
    assert masked_text(shown) == shown


@pytest.mark.parametrize('text', WHOLE)
def test_keys_of_a_known_shape_are_masked_whole(text: str):
    assert masked_text(text) == MASK
    assert masked_text(f'uses {text} today') == f'uses {MASK} today'


@pytest.mark.parametrize('text', PLAIN)
def test_other_texts_stay(text: str):
    assert masked_text(text) == text


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('run --token hunter2 --verbose', f'run --token {MASK} --verbose'),
        ('a=b&password=hunter2&c=d', f'a=b&password={MASK}&c=d'),
        ('Server=db;Password=hunter2;Encrypt=yes', f'Server=db;Password={MASK};Encrypt=yes'),
        ('postgres://app:hunter2@db:5432/x', f'postgres://app:{MASK}@db:5432/x'),
        ('{"password": "hunter2", "a": 1}', f'{{"password": "{MASK}", "a": 1}}'),
        ('https://hooks.slack.com/services/T0/B0/x now', f'https://hooks.slack.com/{MASK} now'),
        ('Authorization: Bearer hunter2', f'Authorization: Bearer {MASK}'),
    ],
)
def test_what_surrounds_a_secret_stays(text: str, shown: str):
    assert masked_text(text) == shown


@pytest.mark.parametrize('text', [*SECRETS, *WHOLE])
def test_the_quick_look_misses_no_secret(text: str):
    assert secret_texts.HINT.search(text)


# `_` stands for a blank.
PARTS = r"""
    a a- a=b_ password= :// ://a: -----BEGIN_RSA_PRIVATE_KEY----- eyJaaaa. mysql_ mysql_-u_ token_" https://a/
    https://hook/ a:b@ ://x:y@ \" password:\' password=a; basic_ docker_login_ authorization:_ -u_a SG.aaaaaaaaaaaa
    AKIA github_pat_ ) ://a@ @/ ; & =
"""


@pytest.mark.parametrize('part', PARTS.split())
def test_no_text_takes_long(part: str):
    """100,000 characters take milliseconds; a pattern that is not linear in them would take minutes."""
    part = part.replace('_', ' ')
    for text in (part * (100_000 // len(part)), 'password=' + part * (90_000 // len(part))):
        started = time.process_time()
        masked_text(text)
        assert time.process_time() - started < 10

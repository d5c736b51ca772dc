"""Names that secrets have, and the values that are no secret in spite of their name."""

import pytest

from stack.runtime.secret_names import is_secret_name, looks_secret

SECRETS = """
    DB_PASSWORD db_password dbPassword PGPASSWORD DB_PASSWORD_OLD DB_PASSWORD_2 DB_PASS MYSQL_PWD PW PASSPHRASE PASSWD
    spring.datasource.password splunk-token requirepass masterauth REDISCLI_AUTH DB_PASS_NEW
    SECRET SECRET_KEY_BASE CLIENT_SECRET clientSecret VAULT_SECRET_ID JWT_SECRET SESSION_SECRET
    TOKEN GITHUB_TOKEN githubToken ACCESS_TOKEN X-Auth-Token TOKEN_PROD authToken
    API_KEY apiKey APIKEY api-key X-Api-Key API_KEY_V2 ENCRYPTION_KEY SIGNING_KEY PRIVATE_KEY APP_KEY MASTER_KEY
    STRIPE_KEY ACCOUNT_KEY AccountKey SharedAccessKey AWS_SECRET_ACCESS_KEY DATADOG_APP_KEY LICENSE_KEY
    CREDENTIALS DB_CREDS SENTRY_DSN SLACK_WEBHOOK_URL WEBHOOK CONNECTION_STRING DB_CONNSTR JWT PASSWORD_SALT PEPPER
    Authorization SESSION_COOKIE HMAC PIN OTP_SEED PSK
"""

PLAIN = """
    LEVEL LOG_LEVEL URL DATABASE_HOST PORT key KEY SORT_KEY partitionKey PUBLIC_KEY CACHE_KEY REGION USERNAME
    COMPASS BYPASS OAUTH_PROVIDER AUTHOR MONKEY KEYBOARD PASSENGERS PINNED revision image 123 _ tokenizer
"""

HARMLESS = [
    ('TOKEN_TTL', '15m'),
    ('TOKEN_TTL', '60'),
    ('PASSWORD_MIN_LENGTH', '12'),
    ('MAX_TOKENS', '4096'),
    ('TOKEN_URL', 'https://auth.example.com/token'),
    ('SECRET_HOST', 'vault.example.com:8200'),
    ('PASSWORD_FILE', '/run/secrets/db'),
    ('PASSWORD_FILE', './db'),
    ('SECRET_NAME', 'prod/db'),
    ('TOKEN_TYPE', 'Bearer'),
    ('DB_SECRET_ARN', 'arn:aws:secretsmanager:us-east-1:1:secret:db'),
    ('PASSWORD', '${DB_PASSWORD}'),
    ('PASSWORD', '${A}:${B}'),
    ('PASSWORD', '$DB_PASSWORD'),
    ('PASSWORD', ''),
    ('PASSWORD', None),
    ('PASSWORD', True),
    ('PASSWORD', 8),
    ('SECRET', 'true'),
    ('WEBHOOK_TIMEOUT', '30'),
]

HARMFUL = [
    ('PASSWORD', 'hunter2'),
    ('PASSWORD', '12345678'),
    ('PASSWORD', 12345678),
    ('PASSWORD', '${A}hunter2'),
    ('PASSWORD', '${A:-hunter2}'),
    ('TOKEN_TTL', 'hunter-2'),
    ('TOKEN_URL', 'hunter2'),
    ('PASSWORD_FILE', 'hunter2'),
    ('SLACK_WEBHOOK_URL', 'https://hooks.example.com/1'),
]


@pytest.mark.parametrize('name', SECRETS.split())
def test_names_of_secrets(name: str):
    assert is_secret_name(name)
    assert looks_secret(name, 'hunter-2!')


@pytest.mark.parametrize('name', PLAIN.split())
def test_names_of_what_is_no_secret(name: str):
    assert not is_secret_name(name)


@pytest.mark.parametrize(('name', 'value'), HARMLESS)
def test_values_that_are_no_secret(name: str, value: object):
    assert is_secret_name(name)
    assert not looks_secret(name, value)


@pytest.mark.parametrize(('name', 'value'), HARMFUL)
def test_values_that_may_be_one(name: str, value: object):
    assert looks_secret(name, value)

"""Settings: their sources, and all faults at once, without confidential values."""

import pytest

from stack.configuration.settings import read_settings
from stack.errors import Misconfigured

ENVIRONMENT = {'PROFILE': 'prod'}
SECRET = {'AWS_S3_BUCKET': 'states', 'AWS_SQS_NOTIFICATION_QUEUE': 'changes'}


def faults(*arguments, **named) -> dict[str, str]:
    with pytest.raises(Misconfigured) as caught:
        read_settings(*arguments, **named)
    return {each['path']: each['message'] for each in caught.value.details()}


def test_all_missing_settings_are_named_with_their_sources():
    messages = faults({}, None)
    assert {'PROFILE', 'AWS_S3_BUCKET', 'AWS_SQS_NOTIFICATION_QUEUE'} <= set(messages)
    assert 'the environment' in messages['PROFILE']
    assert 'NYSA_SCHEDULER_SQS_QUEUE' in messages['AWS_SQS_NOTIFICATION_QUEUE']


def test_a_missing_secret_is_named():
    assert 'prod/nysa-api-server' in faults(ENVIRONMENT, None)


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('NYSA_PORT', '70000'),
        ('NYSA_PORT', '-1'),
        ('NYSA_PORT', 'http'),
        ('NYSA_AUTH', 'perhaps'),
        ('NYSA_SANDBOX_SPEED', '0'),
        ('NYSA_SANDBOX_SPEED', 'nan'),
    ],
)
def test_a_wrong_value_is_shown_with_the_allowed_ones(name: str, value: str):
    messages = faults(ENVIRONMENT | {name: value}, SECRET)
    assert value in messages[name]


def test_a_confidential_value_is_never_shown():
    messages = faults(ENVIRONMENT | {'SLACK_NOTIFICATIONS_WEBHOOK_URL': 'ftp://token'}, SECRET)
    assert 'token' not in messages['SLACK_NOTIFICATIONS_WEBHOOK_URL']
    settings = read_settings(ENVIRONMENT, SECRET | {'SLACK_NOTIFICATIONS_WEBHOOK_URL': 'https://hooks/token'})
    assert 'token' not in repr(settings)


def test_the_command_line_wins_over_the_environment_and_that_over_the_secret():
    secret = SECRET | {'NYSA_PORT': '1', 'AWS_S3_BUCKET': 'from-secret'}
    settings = read_settings(ENVIRONMENT | {'NYSA_PORT': '2'}, secret, {'NYSA_PORT': '3'})
    assert settings['NYSA_PORT'] == 3
    assert settings['AWS_S3_BUCKET'] == 'from-secret'
    assert read_settings(ENVIRONMENT | {'AWS_S3_BUCKET': 'mine'}, secret)['AWS_S3_BUCKET'] == 'mine'


def test_the_older_name_of_the_queue_is_taken():
    secret = {'AWS_S3_BUCKET': 'states', 'NYSA_SCHEDULER_SQS_QUEUE': 'old-queue'}
    assert read_settings(ENVIRONMENT, secret)['AWS_SQS_NOTIFICATION_QUEUE'] == 'old-queue'


def test_what_is_empty_counts_as_absent():
    settings = read_settings(ENVIRONMENT | {'NYSA_PORT': ''}, SECRET | {'SLACK_NOTIFICATIONS_WEBHOOK_URL': None})
    assert settings['NYSA_PORT'] == 8888
    assert settings['SLACK_NOTIFICATIONS_WEBHOOK_URL'] is None

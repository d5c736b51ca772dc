"""Every form of `valueFrom`."""

import pytest

from stack.stackfile.secret_references import ParameterReference, SecretReference, reference

SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf'
PARAMETER = 'arn:aws:ssm:eu-west-1:123456789012:parameter'


@pytest.mark.parametrize(
    ('value_from', 'expected'),
    [
        (SECRET, SecretReference(SECRET)),
        (f'{SECRET}:key::', SecretReference(SECRET, 'key')),
        (f'{SECRET}:key:AWSPREVIOUS:', SecretReference(SECRET, 'key', 'AWSPREVIOUS')),
        (f'{SECRET}:::v1', SecretReference(SECRET, version='v1')),
        (f'{PARAMETER}/app/token', ParameterReference(('/app/token', 'app/token'), 'eu-west-1')),
        (f'{PARAMETER}/token', ParameterReference(('token', '/token'), 'eu-west-1')),
        ('/app/token', ParameterReference(('/app/token',), 'us-east-1')),
        ('token:3', ParameterReference(('token',), 'us-east-1')),
        ('', ParameterReference(('',), 'us-east-1')),
    ],
)
def test_each_form(value_from: str, expected: SecretReference | ParameterReference):
    assert reference(value_from, 'us-east-1') == expected


def test_the_name_of_a_secret():
    assert SecretReference(SECRET).name == 'db-AbCdEf'

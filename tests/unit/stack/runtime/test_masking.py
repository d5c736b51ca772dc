"""What is kept from those who may only look."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.runtime.masking import MASK, concealed, is_concealed, looks_secret, masked

SECRETS = [
    {'services': [{'web': {'environment': [{'DB_PASSWORD': 'hunter2'}]}}]},
    {'services': [{'web': {'environment': {'API_KEY': 'hunter2'}}}]},
    {'services': [{'web': {'environment': ['GITHUB_TOKEN=hunter2']}}]},
    {'services': [{'web': {'environment': [{'URL': 'postgres://app:hunter2@db/app'}]}}]},
    {'services': [{'web': {'environment': ['URL=postgres://app:hunter2@db/app']}}]},
    {'defaults': {'environment': {'PRIVATE_KEY': '-----BEGIN RSA PRIVATE KEY-----\nhunter2'}}},
    {'logging': {'options': {'splunk-token': 'hunter2'}}},
    {'services': [{'web': {'command': ['run', 'PASSWORD=hunter2']}}]},
    {'path': 'environment.DB_PASSWORD', 'before': 'hunter2', 'after': 'hunter2!'},
    {'path': 'environment', 'before': None, 'after': {'DB_PASSWORD': 'hunter2'}},
    {'path': 'environment.URL', 'before': None, 'after': 'https://me:hunter2@example.com'},
    {'services': [{'changes': [{'path': 'defaults.environment.TOKEN', 'after': 'hunter2'}]}]},
    {'environment': [{'name': 'LEVEL'}, {'name': 'DB_PASSWORD', 'value': 'hunter2'}]},
    {'tags': [{'key': 'api-token', 'value': 'hunter2'}]},
    {'path': 'environment', 'before': [{'name': 'EMPTY'}, {'name': 'TOKEN', 'value': 'hunter2'}], 'after': None},
    {'path': 'environment.spring.datasource.password', 'before': 'hunter2', 'after': None},
    {'path': 'containers.web.environment.dbPassword', 'before': None, 'running': 'hunter2'},
    {'path': 'command', 'before': ['--token', 'hunter2'], 'after': None},
    {'path': 'secrets.DB', 'before': None, 'after': 'ghp_hunter2hunter2'},
    {'command': ['run', '--token', 'hunter2']},
    {'command': ['mysql', '-phunter2']},
    {'command': ['redis-cli', '-a', 'hunter2']},
    {'command': ['curl', '-u', 'app:hunter2']},
    {'keys': {'API_KEYS': ['hunter2', 'hunter2!']}},
    {'reason': 'exited: cannot use --password hunter2'},
    {'log': {'lines': [{'message': 'connects to postgres://app:hunter2@db/app'}]}},
]

HARMLESS = [
    {'services': [{'web': {'environment': [{'LEVEL': 'debug'}, {'TOKEN_TTL': '60'}, {'PASSWORD_MIN': 8}]}}]},
    {'environment': {'TOKEN': '${TOKEN}', 'SECRET': 'true', 'PASSWORD': '', 'KEYS': 12}},
    {'secrets': [{'DB_PASSWORD': 'arn:aws:secretsmanager:us-east-1:1:secret:db'}]},
    {'path': 'secrets.DB_PASSWORD', 'before': None, 'after': 'arn:aws:ssm:us-east-1:1:parameter/db'},
    {'path': 'image', 'before': 'nginx:1', 'after': 'nginx:2'},
    {'command': ['docker', 'run', '-u', '1000:1000', '--name', 'web']},
    {'tags': [{'key': 'team', 'value': 'platform'}]},
    {'secretOptions': [{'name': 'splunk-token', 'valueFrom': '/splunk/token'}]},
    {'image': 'host:5000/team/app:v1@sha256:' + '0' * 64},
]


@pytest.mark.parametrize('content', SECRETS)
def test_secrets_are_masked_wherever_they_stand(content: dict):
    shown = json.dumps(masked(content), ensure_ascii=False)
    assert 'hunter2' not in shown
    assert MASK in shown


@pytest.mark.parametrize('content', HARMLESS)
def test_what_is_no_secret_stays(content: dict):
    assert masked(content) == content


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


SPECIAL = st.text(st.sampled_from('aB1 =:@/-_."\'\\&;,?#${}()[]<>\n•')) | st.sampled_from(
    ['password=', '--token ', '://', 'Bearer ', 'eyJaaaa.aaaa', 'hooks.', 'mysql -p', MASK]
)


@given(st.lists(SPECIAL).map(''.join))
def test_any_text_can_be_masked_and_is_the_same_when_masked_again(text: str):
    assert masked(masked(text)) == masked(text)


@given(JSON)
def test_anything_can_be_masked_and_is_the_same_when_masked_again(content):
    assert masked(masked(content)) == masked(content)


def test_events_for_viewers_have_no_value_of_a_variable():
    rows = [
        {
            'service': 'web',
            'changes': [
                {'path': 'image', 'before': 'web:1', 'after': 'web:2'},
                {'path': 'environment.LEVEL', 'before': 'old', 'after': 'new'},
                {'path': 'defaults.environment.LEVEL', 'before': None, 'after': 'new'},
                {'path': 'environment', 'before': None, 'after': {'A': 'b'}},
                {'path': 'command', 'before': ['--token', 'hunter2'], 'after': None},
            ],
        },
        {'service': 'api', 'changes': []},
    ]
    shown = concealed(rows)
    assert shown[0]['changes'] == [
        {'path': 'image', 'before': 'web:1', 'after': 'web:2'},
        {'path': 'environment.LEVEL', 'concealed': True},
        {'path': 'defaults.environment.LEVEL', 'concealed': True},
        {'path': 'environment', 'concealed': True},
        {'path': 'command', 'before': ['--token', MASK], 'after': None},
    ]
    assert shown[1] == rows[1]
    assert rows[0]['changes'][1]['after'] == 'new'


@pytest.mark.parametrize(
    ('path', 'is_one'),
    [
        ('environment', True),
        ('environment.A', True),
        ('defaults.environment.A', True),
        ('environments', False),
        ('image', False),
    ],
)
def test_the_paths_of_variables(path: str, is_one: bool):
    assert is_concealed(path) is is_one


@pytest.mark.parametrize(
    ('name', 'value', 'is_one'),
    [
        ('DB_PASSWORD', 'hunter2', True),
        ('URL', 'postgres://app:hunter2@db', True),
        ('OPTIONS', '-Dfoo.password=hunter2', True),
        ('URL', 'postgres://db', False),
        ('COUNT', 3, False),
    ],
)
def test_variables_that_hold_a_secret(name: str, value: object, is_one: bool):
    assert looks_secret(name, value) is is_one

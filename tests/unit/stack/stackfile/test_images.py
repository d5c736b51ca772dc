"""Image references: every form, taken apart and put together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.errors import InvalidRequest
from stack.stackfile.images import EcrRegistry, ImageReference, is_tag

DIGEST = 'sha256:' + 'a1' * 32


@pytest.mark.parametrize(
    'text',
    [
        '',
        ':',
        '@',
        'App',
        'team/App:1',
        'app:',
        'app:-1',
        'app:.1',
        'app:a b',
        f'app:{"x" * 129}',
        'app@sha256:abc',
        'app@',
        '/app',
        'host:5000/',
        'host:port/app',
        'team//app',
        'app\n',
        'a' * 256,
        'https://host/app',
        'app..web',
        '-app',
    ],
)
def test_refuses(text: str):
    with pytest.raises(InvalidRequest) as refused:
        ImageReference.parse(text)
    assert 'is not an image' in refused.value.message
    assert len(refused.value.message) < 400


@pytest.mark.parametrize(
    ('text', 'registry', 'repository', 'tag', 'digest'),
    [
        ('app', None, 'app', None, None),
        ('app:1.2.3', None, 'app', '1.2.3', None),
        ('team/app', None, 'team/app', None, None),
        ('localhost/app:1', 'localhost', 'app', '1', None),
        ('host:5000/app', 'host:5000', 'app', None, None),
        ('host:5000/team/app:v1.2.3', 'host:5000', 'team/app', 'v1.2.3', None),
        ('[::1]:5000/app:1', '[::1]:5000', 'app', '1', None),
        ('ghcr.io/a/b/c/d:x', 'ghcr.io', 'a/b/c/d', 'x', None),
        (f'app@{DIGEST}', None, 'app', None, DIGEST),
        (f'host:5000/app:1@{DIGEST}', 'host:5000', 'app', '1', DIGEST),
        ('MyHost/app', 'MyHost', 'app', None, None),
        ('a_b__c-d.e/f', None, 'a_b__c-d.e/f', None, None),
    ],
)
def test_parts(text: str, registry: str | None, repository: str, tag: str | None, digest: str | None):
    image = ImageReference.parse(text)
    assert (image.registry, image.repository, image.tag, image.digest) == (registry, repository, tag, digest)
    assert str(image) == text


@pytest.mark.parametrize(
    ('text', 'retagged'),
    [
        ('app', 'app:v2'),
        ('app:v1', 'app:v2'),
        ('host:5000/app', 'host:5000/app:v2'),
        ('host:5000/team/app:v1', 'host:5000/team/app:v2'),
        (f'app:v1@{DIGEST}', 'app:v2'),
        (f'app@{DIGEST}', 'app:v2'),
    ],
)
def test_another_tag(text: str, retagged: str):
    assert str(ImageReference.parse(text).with_tag('v2')) == retagged


@pytest.mark.parametrize('tag', ['', 'a/b', 'a:b', '-a', '.a', 'a' * 129, 'ä', 'a\n', 'a b', None, 1])
def test_what_is_no_tag(tag: object):
    assert not is_tag(tag)
    with pytest.raises(InvalidRequest):
        ImageReference.parse('app').with_tag(tag)  # type: ignore[arg-type]  # a request may hold anything


@pytest.mark.parametrize('tag', ['v1.2.3', '_', 'latest', '2024-01-02', 'A' * 128, '0'])
def test_what_is_a_tag(tag: str):
    assert is_tag(tag)


@pytest.mark.parametrize(
    ('registry', 'region'),
    [
        ('123456789012.dkr.ecr.us-east-1.amazonaws.com', 'us-east-1'),
        ('123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'),
        ('123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'),
        ('123456789012.dkr-ecr.eu-west-1.on.aws', 'eu-west-1'),
    ],
)
def test_ecr(registry: str, region: str):
    assert ImageReference.parse(f'{registry}/team/app:1').ecr == EcrRegistry('123456789012', region, registry)


@pytest.mark.parametrize(
    'text',
    [
        'app',
        'ghcr.io/app',
        'host:5000/app',
        '123.dkr.ecr.us-east-1.amazonaws.com/app',
        '123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example/app',
        'team/123456789012.dkr.ecr.us-east-1.amazonaws.com/app',
        '123456789012.dkr.ecr.us-east-1.amazonaws.com:443/app',
    ],
)
def test_not_ecr(text: str):
    assert ImageReference.split(text).ecr is None


@given(st.text())
def test_any_text_can_be_split_and_put_together(text: str):
    assert str(ImageReference.split(text)) == text


@given(st.from_regex(r'(?:[a-z0-9.-]{1,9}:[0-9]{1,4}/)?[a-z0-9]{1,9}(?:/[a-z0-9]{1,9}){0,2}', fullmatch=True))
def test_only_the_tag_changes(name: str):
    image = ImageReference.split(f'{name}:old').with_tag('new')
    assert str(image) == f'{name}:new'

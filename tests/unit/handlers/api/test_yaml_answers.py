"""YAML as an answer: who gets it, and comments that cannot become anything else."""

import pytest
import yaml

from handlers.api.yaml_answers import wants_yaml, yaml_text


@pytest.mark.parametrize('comment', ['a\nservices: []', 'a\r- b', 'a\x85b: 1', 'a\u2028b: 1', 'a\x00b', 'x: ' * 200])
def test_a_comment_stays_one_whatever_it_holds(comment: str):
    text = yaml_text({'a': 1}, [comment])
    assert yaml.safe_load(text) == {'a': 1}
    assert all(line.startswith('#') for line in text.splitlines()[:-2])


def test_without_comments_nothing_stands_above():
    assert yaml_text({'b': 1, 'a': 'ä'}) == 'b: 1\na: ä\n'


@pytest.mark.parametrize(
    ('accept', 'wanted'),
    [
        ('', False),
        ('*/*', False),
        ('application/json, application/yaml', False),
        ('application/yaml', True),
        ('text/html, text/yaml;q=0.5, */*', True),
    ],
)
def test_who_asks_for_yaml_first_gets_it(accept: str, wanted: bool):
    assert wants_yaml({'Accept': accept}) is wanted

"""The tables that the code is read by are complete."""

import re
from pathlib import Path

import pytest

from handlers.errors import STATUS
from stack import errors
from stack.configuration.settings import SETTINGS

ROOT = Path(__file__).parents[2]


def tree(kind: type) -> list[type]:
    return [kind, *(found for child in kind.__subclasses__() for found in tree(child))]


@pytest.mark.parametrize('error', tree(errors.NysaError)[1:], ids=lambda error: error.__name__)
def test_every_error_has_a_status_a_code_and_a_place_in_the_drawing(error: type):
    assert error in STATUS
    assert 'code' in vars(error)
    assert re.search(rf'[├└]── {error.__name__}\b', errors.__doc__)


def test_no_two_errors_share_a_code():
    codes = [error.code for error in tree(errors.NysaError)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize('setting', SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting):
    lines = (ROOT / 'docs' / 'settings.md').read_text().splitlines()
    line = next((line for line in lines if line.startswith(f'| `{setting.name}`')), '')
    assert setting.help in line

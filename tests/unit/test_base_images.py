"""The base images of the Dockerfile: their digests from a registry, and the Dockerfile that has them."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import base_images as module
from docs import release
from docs.base_images import DOCKERFILE, BaseImage, Unresolved, base_images, pinned, resolved
from tests.registry import Registry

MANIFEST = b'{"schemaVersion": 2, "manifests": []}'
DIGEST = f'sha256:{hashlib.sha256(MANIFEST).hexdigest()}'
NODE, PYTHON = base_images(DOCKERFILE.read_text())


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry with each base image, which is the one that is asked."""
    running = Registry()
    for image in (NODE, PYTHON):
        running.manifests[f'{image.repository}:{image.tag}'] = MANIFEST
    monkeypatch.setenv(module.REGISTRY, running.origin)
    yield running
    running.stop()


@pytest.fixture
def dockerfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the Dockerfile without digests, which is the one that is read."""
    copy = tmp_path / 'Dockerfile'
    text = DOCKERFILE.read_text()
    for image in (NODE, PYTHON):
        text = text.replace(f'@{image.digest}', '') if image.digest else text
    copy.write_text(text)
    monkeypatch.setattr(module, 'DOCKERFILE', copy)
    monkeypatch.setattr(release, 'DOCKERFILE', copy)
    return copy


def test_the_images_of_the_dockerfile():
    assert [(image.repository, image.argument) for image in (NODE, PYTHON)] == [
        ('library/node', 'NODE_DIGEST'),
        ('library/python', 'PYTHON_DIGEST'),
    ]
    arguments, team = 'ARG A="@sha256:1"\nARG B=""\n', 'FROM team/base:1.2.3-slim${A}'
    text = f'{arguments}{team} AS one\nFROM x:1${{B}}\n{team}\n'
    assert base_images(text) == [BaseImage('team/base', '1.2.3-slim', 'A', 'sha256:1'), BaseImage('x', '1', 'B')]
    assert BaseImage('team/base', '1', 'A').repository == 'team/base'
    assert pinned(text, {'A': 'sha256:2', 'B': 'sha256:3'}).startswith('ARG A="@sha256:2"\nARG B="@sha256:3"\nFROM')


def test_the_digest_is_that_of_the_manifest(registry: Registry):
    assert resolved(NODE) == DIGEST
    assert registry.scopes == ['repository:library/node:pull']
    registry.digests[f'library/node:{NODE.tag}'] = DIGEST
    assert resolved(NODE) == DIGEST


def test_a_manifest_with_another_digest_than_the_stated_one_is_refused(registry: Registry):
    registry.digests[f'library/node:{NODE.tag}'] = f'sha256:{"0" * 64}'
    with pytest.raises(Unresolved, match=f'states the digest sha256:0{{64}} of {NODE}, and the manifest has {DIGEST}'):
        resolved(NODE)


@pytest.mark.parametrize('content', [b'<html>Sign in</html>', b'{}', b'[]', b'{"schemaVersion": 1}', b'\xff'])
def test_what_is_no_manifest_has_no_digest(registry: Registry, content: bytes):
    registry.manifests[f'library/node:{NODE.tag}'] = content
    with pytest.raises(Unresolved, match=f'states no digest of {NODE}'):
        resolved(NODE)


def test_an_image_that_the_registry_lacks(registry: Registry):
    with pytest.raises(Unresolved, match='states no digest of node:0: HTTP Error 404'):
        resolved(BaseImage('node', '0', 'NODE_DIGEST'))


def test_a_registry_that_is_away(registry: Registry):
    registry.stop()
    with pytest.raises(Unresolved, match=f'{registry.origin} states no digest of {NODE}'):
        resolved(NODE)


def test_the_dockerfile_is_pinned_and_again(registry: Registry, dockerfile: Path, capsys: pytest.CaptureFixture[str]):
    assert module.main([]) == 0
    assert capsys.readouterr().out == f'{NODE}@{DIGEST}\n{PYTHON}@{DIGEST}\n'
    assert {image.digest for image in base_images(dockerfile.read_text())} == {DIGEST}
    registry.manifests[f'library/node:{NODE.tag}'] = MANIFEST + b'\n'
    assert module.main([]) == 0
    node, python = base_images(dockerfile.read_text())
    assert node.digest != python.digest == DIGEST


def test_without_a_digest_the_dockerfile_stays(registry: Registry, dockerfile: Path):
    before = dockerfile.read_text()
    del registry.manifests[f'library/python:{PYTHON.tag}']
    assert module.main([]) == 1
    assert dockerfile.read_text() == before


@pytest.fixture
def committed(dockerfile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit of the Dockerfile alone."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as made:
        made.add(dockerfile, 'Dockerfile')
    answers = {'status': b'', 'rev-parse': b'c' * 40, 'show': b'1900000000', 'archive': out.getvalue()}
    monkeypatch.setattr(release, 'git', lambda command, *_: answers[command])


def released(directory: Path) -> tuple[list[str], list[dict]]:
    """The digests in the Dockerfile of the archive, and the base images of the provenance."""
    [archive], [statement] = directory.glob('*.tar.gz'), directory.glob('*.provenance.json')
    with tarfile.open(archive) as made:
        [member] = [name for name in made.getnames() if name.endswith('/Dockerfile')]
        text = made.extractfile(member).read().decode()
    inputs = json.loads(statement.read_text())['predicate']['buildDefinition']['resolvedDependencies']
    return [image.digest for image in base_images(text)], [each for each in inputs if 'docker' in each.get('uri', '')]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    directory = tmp_path / 'release'
    directory.mkdir()
    return directory


@pytest.mark.usefixtures('committed')
def test_a_release_has_the_digests_in_its_dockerfile_and_its_provenance(registry: Registry, into: Path):
    assert release.main([str(into)]) == 0
    digests, images = released(into)
    assert digests == [DIGEST, DIGEST]
    assert images == [
        {
            'name': str(image),
            'uri': f'pkg:docker/{image.name}@{image.tag}',
            'digest': {'sha256': DIGEST.removeprefix('sha256:')},
        }
        for image in (NODE, PYTHON)
    ]


@pytest.mark.usefixtures('committed')
def test_a_dockerfile_with_digests_is_released_without_a_registry(registry: Registry, dockerfile: Path, into: Path):
    registry.stop()
    dockerfile.write_text(pinned(dockerfile.read_text(), {image.argument: DIGEST for image in (NODE, PYTHON)}))
    assert release.main([str(into)]) == 0
    assert released(into)[0] == [DIGEST, DIGEST]


@pytest.mark.usefixtures('committed')
def test_without_digests_nothing_is_released_unless_that_is_asked_for(
    registry: Registry, into: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    registry.stop()
    assert release.main([str(into)]) == 1
    assert release.UNPINNED in capsys.readouterr().err
    assert list(into.iterdir()) == []
    monkeypatch.setenv(release.UNPINNED, '1')
    assert release.main([str(into)]) == 0
    digests, images = released(into)
    assert digests == ['', '']
    assert [(image['name'], 'digest' in image) for image in images] == [(str(NODE), False), (str(PYTHON), False)]

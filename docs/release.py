"""Build a release in a directory: the archive, its provenance, and the digests: `python -m docs.release DIRECTORY`.

The archive has the files of the commit and the control plane's build, in a fixed order with fixed times, so that two
builds of one commit have the same digest. Its Dockerfile has the digests of the base images, as the registry states
them where the commit's own has none. The provenance is a statement of in-toto with SLSA's predicate, unsigned:
https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, https://slsa.dev/spec/v1.0/provenance
"""

import gzip
import hashlib
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docs.base_images import DOCKERFILE, BaseImage, Unresolved, base_images, pinned, resolved
from nysa_server import VERSION

ROOT = Path(__file__).parents[1]
BUILT = 'static/dist'
# Who builds, and where the source is, in the provenance: CI states its own by these variables.
BUILDER, SOURCE = 'RELEASE_BUILDER', 'RELEASE_SOURCE'
# Not empty: a release without digests of base images, where no registry states them.
UNPINNED = 'RELEASE_UNPINNED'
BUILD_TYPE = 'urn:nysa:make-release:v1'
LOCKS = ('requirements.lock', 'static/package-lock.json')


def archive(commit_tar: bytes, built: Mapping[str, bytes], prefix: str, moment: int) -> bytes:
    """A tar.gz of the commit's files and of what was built, by name; every member has the commit's time in seconds."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode='wb', mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode='w', format=tarfile.USTAR_FORMAT) as made,
        tarfile.open(fileobj=io.BytesIO(commit_tar)) as given,
    ):
        contents = {member.name: (_content(given, member), member.mode & 0o755) for member in given if member.isfile()}
        contents |= {name: (content, 0o644) for name, content in built.items()}
        for name, (content, mode) in sorted(contents.items()):
            member = tarfile.TarInfo(f'{prefix}/{name}')
            member.size, member.mode, member.mtime = len(content), mode, moment
            made.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _content(given: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = given.extractfile(member)
    return opened.read() if opened else b''


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Build:
    """Where a build took place, from which commit, and when; `source` and `builder` are URIs."""

    commit: str
    source: str
    builder: str
    began: datetime
    ended: datetime


def provenance(
    subjects: Mapping[str, bytes], inputs: Mapping[str, bytes], images: Sequence[BaseImage], build: Build
) -> dict[str, Any]:
    """What was built from which commit, locks and base images, with what, and when."""
    source = {'uri': build.source, 'digest': {'gitCommit': build.commit}}
    return {
        '_type': 'https://in-toto.io/Statement/v1',
        'subject': [_resource(name, content) for name, content in sorted(subjects.items())],
        'predicateType': 'https://slsa.dev/provenance/v1',
        'predicate': {
            'buildDefinition': {
                'buildType': BUILD_TYPE,
                'externalParameters': {'source': source, 'target': 'release'},
                'internalParameters': {'python': platform.python_version(), 'system': platform.system()},
                'resolvedDependencies': [
                    source,
                    *(_resource(name, content) for name, content in sorted(inputs.items())),
                    *(_image(image) for image in images),
                ],
            },
            'runDetails': {
                'builder': {'id': build.builder},
                'metadata': {'startedOn': _stamp(build.began), 'finishedOn': _stamp(build.ended)},
            },
        },
    }


def _resource(name: str, content: bytes) -> dict[str, Any]:
    return {'name': name, 'digest': {'sha256': digest(content)}}


def _image(image: BaseImage) -> dict[str, Any]:
    digests = {'digest': {'sha256': image.digest.removeprefix('sha256:')}} if image.digest else {}
    return {'name': str(image), 'uri': f'pkg:docker/{image.name}@{image.tag}', **digests}


def _stamp(moment: datetime) -> str:
    """RFC 3339 in UTC, in whole seconds, as SLSA's Timestamp."""
    return moment.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


def sums(contents: Mapping[str, bytes]) -> str:
    """Lines for `sha256sum --check`."""
    return ''.join(f'{digest(content)}  {name}\n' for name, content in sorted(contents.items()))


def git(*arguments: str) -> bytes:
    return subprocess.run(['git', *arguments], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603, S607  fixed arguments


def files(directory: Path, within: Path) -> Iterable[tuple[str, bytes]]:
    for path in sorted(directory.rglob('*')):
        if path.is_file():
            yield str(path.relative_to(within)), path.read_bytes()


def with_digests(images: Iterable[BaseImage]) -> list[BaseImage]:
    """The images, each with its own digest or that of the registry. Raises `Unresolved`, unless `UNPINNED` is set."""
    unpinned = bool(os.environ.get(UNPINNED))
    return [image if image.digest or unpinned else replace(image, digest=resolved(image)) for image in images]


def main(arguments: Sequence[str]) -> int:
    """Build into a directory that has the SBOMs already. Status 1 where the work tree is not what is committed."""
    into, began = Path(arguments[0]), datetime.now(UTC)
    changed = git('status', '--porcelain').decode()
    if changed:
        print(f'A release is built from a commit, and these files differ from it:\n{changed}', file=sys.stderr)
        return 1
    dockerfile = DOCKERFILE.read_text()
    try:
        images = with_digests(base_images(dockerfile))
    except Unresolved as unresolved:
        print(f'{unresolved}\n{UNPINNED}=1 releases without digests of base images.', file=sys.stderr)
        return 1
    digests = {image.argument: image.digest for image in images if image.digest}
    built = dict(files(ROOT / BUILT, ROOT)) | {'Dockerfile': pinned(dockerfile, digests).encode()}
    _write(into, built, images, began)
    return 0


def _write(into: Path, built: Mapping[str, bytes], images: Sequence[BaseImage], began: datetime) -> None:
    """Write the archive, the provenance and the digests; print the digests."""
    commit = git('rev-parse', 'HEAD').decode().strip()
    moment = int(git('show', '--no-patch', '--format=%ct', 'HEAD'))
    name = f'nysa-{VERSION}'
    subjects = dict(files(into, into)) | {
        f'{name}.tar.gz': archive(git('archive', '--format=tar', 'HEAD'), built, name, moment)
    }
    inputs = {lock: (ROOT / lock).read_bytes() for lock in LOCKS}
    source = os.environ.get(SOURCE) or f'pkg:generic/nysa@{VERSION}'
    builder = os.environ.get(BUILDER) or f'urn:nysa:builder:{platform.node()}'
    statement = provenance(subjects, inputs, images, Build(commit, source, builder, began, datetime.now(UTC)))
    made = subjects | {f'{name}.provenance.json': json.dumps(statement, indent=2).encode() + b'\n'}
    for file, content in made.items():
        (into / file).write_bytes(content)
    (into / 'SHA256SUMS').write_text(sums(made))
    print(sums(made), end='')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

"""The base images of the Dockerfile, and their digests from the registry: `python -m docs.base_images` pins them there.

The registry answers by the API of OCI's distribution specification, without a login:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

import hashlib
import http.client
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.aws.ecr_registry import MANIFESTS

DOCKERFILE = Path(__file__).parents[1] / 'Dockerfile'
# The registry, or a mirror of it, as an origin.
REGISTRY = 'RELEASE_REGISTRY'
DOCKER_HUB = 'https://registry-1.docker.io'
WITHIN_S = 30.0
# The specification lets a registry refuse larger ones.
MOST_BYTES = 4 << 20

_FROM = re.compile(r'^FROM ([\w./-]+):([\w.-]+)\$\{(\w+)\}', re.MULTILINE)
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Unresolved(Exception):
    """The registry states no digest of an image."""


@dataclass(frozen=True)
class BaseImage:
    """An image that the Dockerfile builds on. `argument` is the build argument with its digest; `digest` its default.

    `digest` is `sha256:…`, or empty where the image is pinned by its version only.
    """

    name: str
    tag: str
    argument: str
    digest: str = ''

    def __str__(self) -> str:
        return f'{self.name}:{self.tag}'

    @property
    def repository(self) -> str:
        """Its name in the registry. Official images have no namespace in a Dockerfile."""
        return self.name if '/' in self.name else f'library/{self.name}'


def base_images(dockerfile: str) -> list[BaseImage]:
    """Each image of a Dockerfile once, in its order."""
    found: dict[str, BaseImage] = {}
    for name, tag, argument in _FROM.findall(dockerfile):
        [default] = re.findall(rf'^ARG {argument}="(.*)"$', dockerfile, re.MULTILINE)
        found[argument] = BaseImage(name, tag, argument, default.removeprefix('@'))
    return list(found.values())


def pinned(dockerfile: str, digests: Mapping[str, str]) -> str:
    """The Dockerfile with these digests, by build argument, as the defaults of its arguments."""
    for argument, digest in digests.items():
        dockerfile = re.sub(rf'^ARG {argument}=".*"$', f'ARG {argument}="@{digest}"', dockerfile, flags=re.MULTILINE)
    return dockerfile


def resolved(image: BaseImage) -> str:
    """The digest that the registry states for the tag. Raises `Unresolved`."""
    origin = os.environ.get(REGISTRY) or DOCKER_HUB
    address = f'{origin}/v2/{image.repository}/manifests/{image.tag}'
    try:
        try:
            content, stated = _read(address)
        except urllib.error.HTTPError as refused:
            if refused.code != 401:
                raise
            content, stated = _read(address, _token(refused.headers.get('WWW-Authenticate', '')))
        if json.loads(content)['schemaVersion'] != 2:
            raise ValueError('the answer is no manifest')
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise Unresolved(f'{origin} states no digest of {image}: {error}') from error
    # A manifest is addressed by its content: what a proxy changed on its way is not the image.
    digest = f'sha256:{hashlib.sha256(content).hexdigest()}'
    if stated not in (None, digest):
        raise Unresolved(f'{origin} states the digest {stated} of {image}, and the manifest has {digest}.')
    return digest


def _read(address: str, token: str = '') -> tuple[bytes, str | None]:
    """A manifest, and the digest that the registry states."""
    headers = {'Accept': ', '.join(MANIFESTS)} | ({'Authorization': f'Bearer {token}'} if token else {})
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=WITHIN_S) as answer:  # noqa: S310  an origin with http(s)
        return answer.read(MOST_BYTES), answer.headers.get('Docker-Content-Digest')


def _token(challenge: str) -> str:
    """A token for anonymous reading, from where the registry refers to."""
    parts = dict(_CHALLENGE.findall(challenge))
    realm = parts.pop('realm')
    if not realm.startswith(('https://', 'http://')):
        raise ValueError(f'the registry refers to {realm!r} for a token')
    query = urllib.parse.urlencode({key: value for key, value in parts.items() if key in ('service', 'scope')})
    with urllib.request.urlopen(f'{realm}?{query}', timeout=WITHIN_S) as answer:  # noqa: S310  checked above
        given = json.load(answer)
    return str(given.get('token') or given['access_token'])


def main(_: Sequence[str]) -> int:
    """Pin each base image of the Dockerfile to what its tag is now. Status 1 where the registry does not state that."""
    text = DOCKERFILE.read_text()
    try:
        digests = {image.argument: resolved(image) for image in base_images(text)}
    except Unresolved as unresolved:
        print(unresolved, file=sys.stderr)
        return 1
    DOCKERFILE.write_text(pinned(text, digests))
    for image in base_images(DOCKERFILE.read_text()):
        print(f'{image}@{image.digest}')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

"""The adapter of ECR for manifests and configurations of images.

https://github.com/opencontainers/image-spec/blob/main/manifest.md
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from stack.aws.client import AwsClient
from stack.errors import AwsFailed

MANIFESTS = (
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.docker.distribution.manifest.v2+json',
)

# Buildx stores attestations as further manifests of an index.
_ATTESTATION = 'vnd.docker.reference.type'

Json = Mapping[str, Any]
# Reads a blob from the URL that ECR signed: see `stack.aws.downloads.Downloads.of`. Raises `AwsFailed`.
Download = Callable[[str], Awaitable[bytes]]


class EcrRepository:
    """One repository. Every method raises `AwsFailed`."""

    def __init__(self, aws: AwsClient, download: Download, account: str, region: str, repository: str):
        self._aws = aws
        self._download = download
        self._where = {'registryId': account, 'repositoryName': repository}
        self._region = region

    async def manifest(self, image: Mapping[str, str]) -> tuple[str, Json] | None:
        """Digest and manifest of an image by `imageTag` or `imageDigest`; None where ECR has no such image."""
        try:
            answer = await self._aws.call(
                'ecr',
                'BatchGetImage',
                region=self._region,
                **self._where,
                imageIds=[dict(image)],
                acceptedMediaTypes=list(MANIFESTS),
            )
        except AwsFailed as failed:
            if failed.aws_code == 'RepositoryNotFoundException':
                return None
            raise
        found = next(iter(answer.get('images') or ()), None)
        return (found['imageId'].get('imageDigest', ''), _object(found['imageManifest'])) if found else None

    async def configuration(self, manifest: Json) -> Json:
        """The configuration of the image of a manifest; {} where the manifest names none."""
        digest = member(manifest, 'config', 'digest')
        if not isinstance(digest, str):
            return {}
        answer = await self._aws.call(
            'ecr', 'GetDownloadUrlForLayer', region=self._region, **self._where, layerDigest=digest
        )
        return _object(await self._download(answer['downloadUrl']))


def images_of(manifest: Json) -> list[Json]:
    """The descriptors of the images in an index; none for the manifest of an image."""
    listed = manifest.get('manifests')
    descriptors = listed if isinstance(listed, list) else ()
    return [
        each for each in descriptors if isinstance(each, dict) and _ATTESTATION not in (each.get('annotations') or {})
    ]


def member(content: Json, *path: str) -> Any:
    """The value at a path of names; None where there is none."""
    value: Any = content
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _object(text: str | bytes) -> Json:
    """The JSON object in a text; {} for anything else."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}

"""The OCI labels of images in ECR, from the manifest's annotations and the image's configuration.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.httpsession import URLLib3Session

from stack.aws.client import AwsClient
from stack.errors import Unavailable
from stack.runtime.lru import LruCache

# Manifests and configurations never change under their digest.
MOST_CACHED = 5000

REVISION = 'org.opencontainers.image.revision'

# In bytes and seconds; configurations have a few kilobytes.
LARGEST_BLOB = 1024 * 1024
DOWNLOAD_S = 10

MANIFESTS = (
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.docker.distribution.manifest.v2+json',
)

# Buildx stores attestations as further manifests of an index.
_ATTESTATION = 'vnd.docker.reference.type'

Labels = Mapping[str, str]
# Reads a blob from the URL that ECR signed. Raises `AwsFailed`.
Download = Callable[[str], Awaitable[bytes]]


class ImageLabels:
    """`of` reads the labels of one image by its digest; they are cached indefinitely."""

    def __init__(self, aws: AwsClient, download: Download):
        self._aws = aws
        self._download = download
        self._cache: LruCache[str, Labels] = LruCache(MOST_CACHED)

    async def of(self, account: str, region: str, repository: str, digest: str) -> Labels:
        """The labels with the manifest's annotations on top, {} for an image without any. Raises `AwsFailed`.

        Annotations with the revision are complete: the configuration is not read then.
        """
        cached = self._cache.get(digest)
        if cached is not None:
            return cached
        labels = await _Registry(self._aws, self._download, account, region, repository).labels(digest)
        self._cache.put(digest, labels)
        return labels


class _Registry:
    """One repository."""

    def __init__(self, aws: AwsClient, download: Download, account: str, region: str, repository: str):
        self._aws = aws
        self._download = download
        self._where = {'registryId': account, 'repositoryName': repository}
        self._region = region

    async def labels(self, digest: str) -> Labels:
        manifest = await self._manifest(digest)
        annotations = _labels(manifest.get('annotations'))
        if REVISION in annotations:
            return annotations
        child = _first_image(manifest)
        if child:
            return {**await self.labels(child), **annotations}
        config = _member(manifest, 'config', 'digest')
        blob = await self._blob(config) if isinstance(config, str) else {}
        return {**_labels(_member(blob, 'config', 'Labels')), **annotations}

    async def _manifest(self, digest: str) -> dict[str, Any]:
        answer = await self._aws.call(
            'ecr',
            'BatchGetImage',
            region=self._region,
            **self._where,
            imageIds=[{'imageDigest': digest}],
            acceptedMediaTypes=list(MANIFESTS),
        )
        return _object(answer['images'][0]['imageManifest'] if answer.get('images') else '')

    async def _blob(self, digest: str) -> dict[str, Any]:
        answer = await self._aws.call(
            'ecr', 'GetDownloadUrlForLayer', region=self._region, **self._where, layerDigest=digest
        )
        return _object(await self._download(answer['downloadUrl']))


def _first_image(index: Mapping[str, Any]) -> str | None:
    """The digest of an index's first image; None for the manifest of an image."""
    for each in index.get('manifests') or ():
        if isinstance(each, dict) and _ATTESTATION not in (each.get('annotations') or {}):
            digest = each.get('digest')
            return digest if isinstance(digest, str) else None
    return None


def _object(text: str | bytes) -> dict[str, Any]:
    """The JSON object in a text; {} for anything else."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _member(content: Mapping[str, Any], *path: str) -> Any:
    value: Any = content
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _labels(value: Any) -> Labels:
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(name, str) and isinstance(text, str)}


async def download(url: str) -> bytes:
    """The blob at a URL that ECR signed. Raises `Unavailable`."""
    return await asyncio.to_thread(_download, url)


def _download(url: str) -> bytes:
    name = 'ecr:GetDownloadUrlForLayer'
    try:
        answer = URLLib3Session(timeout=DOWNLOAD_S).send(AWSRequest('GET', url).prepare())
        content: bytes = answer.raw.read(LARGEST_BLOB + 1, decode_content=True)
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise Unavailable(f'The configuration of an image could not be read: {error}', name, 'Download') from error
    if answer.status_code != 200 or len(content) > LARGEST_BLOB:
        raise Unavailable(f'The configuration of an image could not be read ({answer.status_code})', name, 'Download')
    return content

"""The OCI labels of images in ECR, from the manifest's annotations and the image's configuration.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

from collections.abc import Mapping
from typing import Any

from stack.aws.client import AwsClient
from stack.aws.ecr_registry import Download, EcrRepository, images_of, member
from stack.runtime.lru import LruCache

# Manifests and configurations never change under their digest.
MOST_CACHED = 5000

REVISION = 'org.opencontainers.image.revision'

Labels = Mapping[str, str]


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
        labels = await _labels_of(EcrRepository(self._aws, self._download, account, region, repository), digest)
        self._cache.put(digest, labels)
        return labels


async def _labels_of(repository: EcrRepository, digest: str) -> Labels:
    found = await repository.manifest({'imageDigest': digest})
    manifest = found[1] if found else {}
    annotations = _labels(manifest.get('annotations'))
    if REVISION in annotations:
        return annotations
    for child in images_of(manifest)[:1]:
        if isinstance(child.get('digest'), str):
            return {**await _labels_of(repository, child['digest']), **annotations}
    return {**_labels(member(await repository.configuration(manifest), 'config', 'Labels')), **annotations}


def _labels(value: Any) -> Labels:
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(name, str) and isinstance(text, str)}

"""The processor architectures that images in ECR are built for."""

from stack.aws.client import AwsClient
from stack.aws.ecr_registry import Download, EcrRepository, Json, images_of, member
from stack.rehearsal.facts import Image
from stack.runtime.lru import LruCache
from stack.stackfile.images import ImageReference

# What an image is built for never changes under its digest.
MOST_CACHED = 5000


class ImagePlatforms:
    """`of` looks an image up; what it is built for is cached by its digest."""

    def __init__(self, aws: AwsClient, download: Download):
        self._aws = aws
        self._download = download
        self._cache: LruCache[str, Image] = LruCache(MOST_CACHED)

    async def of(self, image: ImageReference) -> Image | None:
        """The image with its architectures; None where ECR has none of that tag or digest. Raises `AwsFailed`."""
        where = image.ecr
        if where is None:
            return None
        repository = EcrRepository(self._aws, self._download, where.account, where.region, image.repository)
        wanted = {'imageDigest': image.digest} if image.digest else {'imageTag': image.tag or 'latest'}
        found = await repository.manifest(wanted)
        if found is None:
            return None
        digest, manifest = found
        known = self._cache.get(digest)
        if known is None:
            known = await _platforms(repository, manifest)
            self._cache.put(digest, known)
        return known


async def _platforms(repository: EcrRepository, manifest: Json) -> Image:
    """https://github.com/opencontainers/image-spec/blob/main/image-index.md (platform), config.md (architecture)"""
    if 'manifests' in manifest:
        named = [member(each, 'platform', 'architecture') for each in images_of(manifest)]
        return Image(frozenset(name for name in named if isinstance(name, str)), is_index=True)
    architecture = (await repository.configuration(manifest)).get('architecture')
    return Image(frozenset([architecture] if isinstance(architecture, str) else []))

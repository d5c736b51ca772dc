"""The source of an image by its OCI labels: commit, repository, author.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from stack.errors import AwsFailed
from stack.stackfile.images import ImageReference

log = logging.getLogger(__name__)

# Images whose labels are read for one request; each takes up to four calls the first time.
MOST_READ = 20

_LONGEST = 200
_KEYS = {
    'commit': 'revision',
    'repository': 'source',
    'version': 'version',
    'author': 'authors',
    'created_at': 'created',
}

# Account, region, repository and digest to the labels of an image. Raises `AwsFailed`.
LabelsOf = Callable[[str, str, str, str], Awaitable[Mapping[str, str]]]


def source_of(labels: Mapping[str, str]) -> dict[str, str | None] | None:
    """The source that the labels name; None where they name none."""
    source = {
        key: labels.get(f'org.opencontainers.image.{label}', '')[:_LONGEST] or None for key, label in _KEYS.items()
    }
    return source if any(source.values()) else None


async def with_sources(tags: Iterable[Mapping[str, Any]], image: ImageReference, labels_of: LabelsOf) -> list[Any]:
    """Tags of an image in ECR, each with the `source` of its image.

    The source is None beyond the first `MOST_READ` images, and where AWS does not answer.
    """
    rows = [dict(tag) for tag in tags]
    digests = list(dict.fromkeys(row['digest'] for row in rows))[:MOST_READ]
    sources = await asyncio.gather(*(_source(image, digest, labels_of) for digest in digests))
    by_digest = dict(zip(digests, sources, strict=True))
    return [row | {'source': by_digest.get(row['digest'])} for row in rows]


async def _source(image: ImageReference, digest: str, labels_of: LabelsOf) -> dict[str, str | None] | None:
    where = image.ecr
    if where is None:
        return None
    try:
        return source_of(await labels_of(where.account, where.region, image.repository, digest))
    except AwsFailed as failed:
        log.info('the labels of %s@%s could not be read: %s', image.name, digest, failed)
        return None

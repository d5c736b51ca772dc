"""Corrections of moto's ECR (paging and filters), and images with a push time in the past."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.exceptions import InvalidParameterException
from moto.ecr.models import Image, ecr_backends
from moto.ecr.responses import ECRResponse

from stack.sandbox.patching import replace

_MEDIA_TYPE = 'application/vnd.docker.distribution.manifest.v2+json'
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
_PAGE = 100


def install() -> None:
    replace(ECRResponse, 'describe_images', _paged(ECRResponse.describe_images))


def _paged(describe_images: Any) -> Any:
    def describe(self: ECRResponse) -> ActionResult:
        """moto gives every image at once, and ignores `maxResults`, `nextToken` and `filter`."""
        images = describe_images(self).result['imageDetails']
        if self._get_param('imageIds'):
            return ActionResult({'imageDetails': images})
        status = (self._get_param('filter') or {}).get('tagStatus', 'ANY')
        if status != 'ANY':
            images = [image for image in images if hasattr(image, 'image_tags') == (status == 'TAGGED')]
        token = self._get_param('nextToken') or '0'
        if not token.isdecimal():
            raise InvalidParameterException('Invalid parameter at nextToken')
        end = int(token) + int(self._get_param('maxResults') or _PAGE)
        more = {'nextToken': str(end)} if end < len(images) else {}
        return ActionResult({'imageDetails': images[int(token) : end], **more})

    return describe


def push(account: str, region: str, repository: str, tags: Sequence[str], at: float) -> str:
    """Puts an image with these tags, or none, into a repository as if pushed at `at` (a POSIX time); its digest.

    A tag that another image has moves to this one, as in ECR. Raises KeyError where there is no such repository.
    """
    images = ecr_backends[account][region].repositories[repository].images
    for image in images:
        for tag in tags:
            image.remove_tag(tag)
    layer = hashlib.sha256(f'{repository} {len(images)} {" ".join(tags)}'.encode()).hexdigest()
    size = 20_000_000 + int(layer[:6], 16)
    manifest = {
        'schemaVersion': 2,
        'mediaType': _MEDIA_TYPE,
        'config': {'mediaType': 'application/vnd.docker.container.image.v1+json', 'size': size},
        'layers': [{'digest': f'sha256:{layer}', 'size': size}],
    }
    # moto itself gives None to an image without tags.
    first_tag: Any = tags[0] if tags else None
    image = Image(account, first_tag, json.dumps(manifest), repository, _MEDIA_TYPE)
    image.image_tags = list(tags)
    image.image_pushed_at = int(at)
    images.append(image)
    return image.image_digest

"""The tags under which the image of a service was pushed."""

from collections.abc import Sequence
from typing import Any

from stack.changes.guards import Quarantine
from stack.errors import NotFound, Unprocessable
from stack.rollouts.pushed_images import TaggedImages
from stack.stackfile.effective import services
from stack.stackfile.images import EcrRegistry, ImageReference
from stack.state.revisions import Revision


def image_in_ecr(revision: Revision, service: str) -> tuple[ImageReference, EcrRegistry]:
    """The image of a service, and its registry.

    Raises `NotFound` for an unknown service, `Unprocessable` for an image outside ECR.
    """
    stored = dict(services(revision.document))
    if service not in stored:
        raise NotFound(f'{revision.cluster} has no service {service!r}.')
    image = stored[service].get('image')
    reference = ImageReference.split(image) if isinstance(image, str) else None
    if reference is None or reference.ecr is None:
        raise Unprocessable(f'The image of {service!r} ({image}) is not in ECR: its tags cannot be listed.')
    return reference, reference.ecr


async def tags_of_service(
    revision: Revision, service: str, tagged_images: TaggedImages, held: Sequence[Quarantine] = ()
) -> list[dict[str, Any]]:
    """Every tag of the service's repository, newest first, and whether it names one of the images in `held`.

    Raises `NotFound` for a service or a repository that is not there, `Unprocessable` for an image outside ECR.
    """
    reference, registry = image_in_ecr(revision, service)
    images = await tagged_images(registry.account, registry.region, reference.repository)
    return [
        {
            'tag': tag,
            'pushed_at': image.pushed_at.isoformat(),
            'digest': image.digest,
            'quarantined': _is_held(f'{reference.name}:{tag}', image.digest, held),
        }
        for image in sorted(images, key=lambda image: image.pushed_at, reverse=True)
        for tag in sorted(image.tags)
    ]


def _is_held(image: str, digest: str, held: Sequence[Quarantine]) -> bool:
    return any(quarantine.concerns(image) and quarantine.is_of(image, digest) for quarantine in held)

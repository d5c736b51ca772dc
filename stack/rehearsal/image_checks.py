"""Checks of images: whether ECR has them, for the processor of the task."""

from collections.abc import Iterator
from functools import partial

from stack.rehearsal.facts import Facts, Image
from stack.rehearsal.start import Probe, Results, Start
from stack.rollouts.stop_kinds import IMAGE_MISSING, IMAGE_PLATFORM, StopReason
from stack.stackfile.images import ImageReference

CHECK = 'image'

OUTSIDE_ECR = 'Images outside of Amazon ECR are not looked for.'

# The names of ECS and of container instances in Docker's words:
# https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants
IN_DOCKER = {'X86_64': 'amd64', 'ARM64': 'arm64', 'x86_64': 'amd64', 'arm64': 'arm64', 'aarch64': 'arm64'}

# Docker pulls an image of another processor where no index offers a choice, and its program cannot run.
WRONG_PROCESSOR = StopReason(
    'application-exit',
    'The program of the image is built for another processor.',
    'Build the image for the platform of the task, or set the platform of the task to that of the image.',
)


def image_probes(start: Start) -> Iterator[Probe]:
    for prefix, container in start.containers():
        path = f'{prefix}image'
        reference = ImageReference.split(str(container.get('image') or ''))
        yield Probe(start.service, CHECK, path, partial(_ask, start, path, reference))


async def _ask(start: Start, path: str, reference: ImageReference, facts: Facts) -> Results:
    if reference.ecr is None:
        return [start.unchecked(CHECK, path, OUTSIDE_ECR)]
    image = await facts.image(reference)
    if image is None:
        what = f'digest {reference.digest}' if reference.digest else f'tag {reference.tag or "latest"}'
        message = f'ECR has no repository {reference.repository} with the {what} ({reference.ecr.region}).'
        return [start.finding(CHECK, path, IMAGE_MISSING, message)]
    if not image.architectures:
        return []
    stated = start.architecture
    hosts = [stated] if stated else [instance.architecture for instance in await facts.instances(start.cluster)]
    return list(judge_platform(start, path, image, hosts))


def judge_platform(start: Start, path: str, image: Image, hosts: list[str]) -> Results:
    """A finding where the image is built for none of the hosts' architectures; an unknown one counts as fit."""
    known = {IN_DOCKER[host] for host in hosts if host in IN_DOCKER}
    if not known or known & image.architectures or len(known) < len(set(hosts)):
        return
    offered, needed = ', '.join(sorted(image.architectures)), ' or '.join(sorted(known))
    reason = IMAGE_PLATFORM if image.is_index or start.on_fargate else WRONG_PROCESSOR
    yield start.finding(CHECK, path, reason, f'The image is built for {offered}, and its tasks run on {needed}.')

"""The versions matrix: the image of each service in each cluster, and how far behind the newest one it is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from stack.aws.ports import PushedImage
from stack.changes.tags import TaggedImages
from stack.errors import AwsFailed, NotFound
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import service_row
from stack.stackfile.images import ImageReference

Cell = dict[str, Any]


def versions(states: Iterable[ClusterState]) -> list[dict[str, Any]]:
    """A row for each managed service by name, with a cell for each cluster that has it."""
    rows: dict[str, dict[str, Cell]] = defaultdict(dict)
    for state in sorted(states, key=lambda state: state.name):
        for name in state.wanted:
            rows[name][state.name] = _cell(state, name)
    return [{'service': name, 'clusters': rows[name]} for name in sorted(rows)]


def _cell(state: ClusterState, name: str) -> Cell:
    row = service_row(state, name)
    deployed = row['deployed'] or {}
    return {
        'image': row['image'],
        'image_tag': row['image_tag'],
        'deployed_image': deployed.get('image'),
        'deployed_image_tag': deployed.get('image_tag'),
        'sync': row['sync'],
        'health': row['health'],
    }


async def with_pushes(row: Mapping[str, Any], tagged_images: TaggedImages) -> dict[str, Any]:
    """A row whose cells have the push of the deployed image: `digest`, `pushed_at` and `behind_seconds`.

    They are None for an image outside ECR, for one without a tag, and while ECR does not answer.
    """
    repositories: dict[str, Mapping[str, PushedImage]] = {}
    pushes = {cluster: await _push(cell, repositories, tagged_images) for cluster, cell in row['clusters'].items()}
    newest = max((push.pushed_at for push in pushes.values() if push), default=None)
    cells = {cluster: cell | _push_content(pushes[cluster], newest) for cluster, cell in row['clusters'].items()}
    return {**row, 'clusters': cells}


async def _push(
    cell: Cell, repositories: dict[str, Mapping[str, PushedImage]], tagged_images: TaggedImages
) -> PushedImage | None:
    """The pushed image of a cell; each repository is listed once into `repositories`."""
    image = cell['deployed_image'] or cell['image']
    reference = ImageReference.split(image) if isinstance(image, str) else None
    if reference is None or reference.ecr is None:
        return None
    if reference.name not in repositories:
        try:
            images = await tagged_images(reference.ecr.account, reference.ecr.region, reference.repository)
        except (AwsFailed, NotFound):
            images = ()
        repositories[reference.name] = {key: each for each in images for key in (each.digest, *each.tags)}
    return repositories[reference.name].get(reference.digest or reference.tag or 'latest')


def _push_content(push: PushedImage | None, newest: datetime | None) -> Cell:
    if push is None or newest is None:
        return {'digest': None, 'pushed_at': None, 'behind_seconds': None}
    behind = round((newest - push.pushed_at).total_seconds())
    return {'digest': push.digest, 'pushed_at': push.pushed_at.isoformat(), 'behind_seconds': behind}

"""The versions matrix: the image of each service in each cluster, and how far behind the newest one it is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from stack.aws.ports import PushedImage
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import service_row
from stack.rollouts.pushed_images import PushedImages

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


async def with_pushes(rows: Sequence[Mapping[str, Any]], pushed_images: PushedImages) -> list[dict[str, Any]]:
    """The rows with the push of each cell's deployed image: `digest`, `tags`, `pushed_at` and `behind_seconds`.

    They are None for an image outside ECR, for one without a tag, and while ECR does not answer.
    """
    images = {_image(cell) for row in rows for cell in row['clusters'].values()}
    pushes = await pushed_images.of(image for image in images if image is not None)
    return [_with_pushes(row, pushes) for row in rows]


def _with_pushes(row: Mapping[str, Any], pushes: Mapping[str, PushedImage]) -> dict[str, Any]:
    found = {cluster: pushes.get(_image(cell) or '') for cluster, cell in row['clusters'].items()}
    newest = max((push.pushed_at for push in found.values() if push), default=None)
    cells = {cluster: cell | _push_content(found[cluster], newest) for cluster, cell in row['clusters'].items()}
    return {**row, 'clusters': cells}


def _image(cell: Cell) -> str | None:
    image = cell['deployed_image'] or cell['image']
    return image if isinstance(image, str) else None


def _push_content(push: PushedImage | None, newest: datetime | None) -> Cell:
    if push is None or newest is None:
        return {'digest': None, 'tags': None, 'pushed_at': None, 'behind_seconds': None}
    behind = round((newest - push.pushed_at).total_seconds())
    return {
        'digest': push.digest,
        'tags': sorted(push.tags),
        'pushed_at': push.pushed_at.isoformat(),
        'behind_seconds': behind,
    }

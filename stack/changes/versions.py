"""The versions matrix: the image of each service in each cluster, and how far behind the newest one it is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from stack.aws.ports import PushedImage
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.cluster_view import service_health, service_sync, tag
from stack.stackfile.main_container import main_container

Cell = dict[str, Any]


def versions(states: Iterable[ClusterState]) -> list[dict[str, Any]]:
    """A row for each managed service by name, with a cell for each cluster that has it."""
    rows: dict[str, dict[str, Cell]] = defaultdict(dict)
    for state in sorted(states, key=lambda state: state.name):
        for name in state.wanted:
            rows[name][state.name] = _cell(state, name)
    return [{'service': name, 'clusters': rows[name]} for name in sorted(rows)]


def _cell(state: ClusterState, name: str) -> Cell:
    """The same values as in the row of the service, which costs ten times as much to make."""
    image = main_container(state.wanted[name].definition, name).get('image')
    running = state.ecs.running_image(name) if name in state.ecs.services else None
    return {
        'image': image,
        'image_tag': tag(image),
        'deployed_image': running,
        'deployed_image_tag': tag(running),
        'sync': service_sync(state, name),
        'health': service_health(state, name),
    }


def images_of(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """The deployed image of each cell, or the desired one before the first observation."""
    images = {_image(cell) for row in rows for cell in row['clusters'].values()}
    return {image for image in images if image is not None}


def with_pushes(rows: Iterable[Mapping[str, Any]], pushes: Mapping[str, PushedImage]) -> list[dict[str, Any]]:
    """The rows with the push of each cell's deployed image: `digest`, `tags`, `pushed_at` and `behind_seconds`.

    They are None for an image outside ECR, for one without a tag, and while ECR does not answer.
    """
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

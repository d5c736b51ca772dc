"""The order of services by `depends_on`: waves, and cycles. Pure."""

from collections.abc import Iterable, Mapping

Graph = Mapping[str, Iterable[str]]


def waves(needs: Graph) -> list[list[str]]:
    """The names in waves: each is in the first wave after all that it needs, in the order of the graph.

    Names that are not in the graph are ignored. Names that are in a cycle, or need one, are left out.
    """
    left = {name: {need for need in wanted if need in needs} for name, wanted in needs.items()}
    found: list[list[str]] = []
    done: set[str] = set()
    while ready := [name for name, wanted in left.items() if wanted <= done]:
        found.append(ready)
        done.update(ready)
        left = {name: wanted for name, wanted in left.items() if name not in done}
    return found


def cycles(needs: Graph) -> list[tuple[str, ...]]:
    """Cycles that keep names out of the waves, each from its first name in the order of the graph.

    Disjoint cycles are all found; of those that share a name at least one is.
    """
    placed = {name for wave in waves(needs) for name in wave}
    left = {name: [need for need in wanted if need in needs and need not in placed] for name, wanted in needs.items()}
    order = {name: place for place, name in enumerate(needs)}
    found: list[tuple[str, ...]] = []
    walked = set(placed)
    for start in needs:
        path: list[str] = []
        name = start
        while name not in walked:
            walked.add(name)
            path.append(name)
            # Every name that is in no wave needs another one of them.
            name = left[name][0]
        if name in path:
            found.append(_from_first(path[path.index(name) :], order))
    return found


def _from_first(cycle: list[str], order: Mapping[str, int]) -> tuple[str, ...]:
    first = min(range(len(cycle)), key=lambda place: order[cycle[place]])
    return (*cycle[first:], *cycle[:first])


def closure(needs: Graph) -> dict[str, frozenset[str]]:
    """By name everything that it needs, directly or through others, as far as it is in the graph."""
    found: dict[str, frozenset[str]] = {}
    for name in needs:
        seen: set[str] = set()
        waiting = [need for need in needs[name] if need in needs]
        while waiting:
            need = waiting.pop()
            if need not in seen:
                seen.add(need)
                waiting += [other for other in needs[need] if other in needs]
        found[name] = frozenset(seen)
    return found

"""Validation of a stackfile: all mistakes and warnings at once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from stack.stackfile.effective import read_settings, top_settings
from stack.stackfile.entries import DEFAULTS, TOP, entries
from stack.stackfile.fields import ServiceSettings, Stackfile
from stack.stackfile.places import Path
from stack.stackfile.problems import Problem, Report
from stack.stackfile.reading import Document
from stack.stackfile.schema import shape_mistakes
from stack.stackfile.semantics import (
    across,
    autoscaling,
    balancers,
    connect,
    container,
    containers,
    deployment,
    fargate,
    left_to_others,
    network,
    order,
    pass_through,
    placement,
    refused_definition,
    refused_deployment,
    refused_service,
    schedule,
    shared_balancers,
    shifting,
    warnings,
)
from stack.stackfile.semantics.rendered import refusals
from stack.stackfile.semantics.rules import Finding, Names, Rule, Subject

MISTAKES = (
    *network.RULES,
    *balancers.RULES,
    *container.RULES,
    *deployment.RULES,
    *shifting.RULES,
    *containers.RULES,
    *placement.RULES,
    *fargate.RULES,
    *pass_through.RULES,
    *left_to_others.RULES,
    *autoscaling.RULES,
    *connect.RULES,
    *schedule.RULES,
    *order.RULES,
)

# The length of the path of a service's field, as ('services', 0, 'web', 'image').
_FIELD_DEPTH = 4

# Rules on what is rendered.
_REFUSALS = (*refused_definition.RULES, *refused_service.RULES, *refused_deployment.RULES)

# Rules that compare services.
_ACROSS = (
    across.doubled_names,
    across.long_families,
    across.same_balancer,
    across.same_endpoint,
    schedule.same_schedule,
    shared_balancers.same_name,
    shared_balancers.same_priority,
    *order.ACROSS,
)

Position = Callable[[Path], tuple[int, int] | None]


def check(data: Any, *, cluster: str | None = None, position: Position | None = None) -> Report:
    """Every mistake and warning in `data`, which may be any JSON value, in the order of the document.

    `cluster`: the name of the ECS cluster if known, which AWS names contain. `position` returns line and column of a
    path (`Document.position`).
    """
    mistakes = shape_mistakes(data)
    top = top_settings(data)
    subjects = list(_subjects(data, top, cluster, mistakes))
    found = _apply(MISTAKES, subjects)
    found += _refusals(subjects, {path for path, _ in found})
    for rule in _ACROSS:
        found += rule(subjects)
    if not any(mistake.path[:1] in (('load_balancers',), ('vpc',)) for mistake in mistakes):
        found += shared_balancers.shared_balancers(data, cluster)
    noted = [*_apply((*warnings.RULES, *autoscaling.WARNINGS), subjects), *across.shared(subjects)]
    noted += [*warnings.defaults_warnings(data), *warnings.vpc_warnings(top.vpc)]
    return Report(_placed([*mistakes, *_problems(found)], data, position), _placed(_problems(noted), data, position))


def check_document(document: Document, *, within: Path = (), cluster: str | None = None) -> Report:
    """As `check`, for the stackfile at the path `within` of a document, with the syntax faults of its text."""
    data = document.data
    for part in within:
        data = data.get(part) if isinstance(data, dict) else None
    report = check(data, cluster=cluster, position=lambda path: document.position((*within, *path)))
    if not document.faults:
        return report
    depth = len(within)
    faults = [replace(f, path=f.path[depth:]) if f.path[:depth] == within else f for f in document.faults]
    mistakes = sorted([*faults, *report.mistakes], key=lambda problem: (problem.line, problem.column))
    return Report(tuple(mistakes), report.warnings)


def _subjects(data: Any, top: Stackfile, cluster: str | None, mistakes: list[Problem]) -> Iterator[Subject]:
    common, own = _faulty(mistakes)
    inherited = _inherited(data)
    listed = data.get('services') if isinstance(data, dict) else None
    for i, item in enumerate(listed if isinstance(listed, list) else ()):
        for name, raw in item.items() if isinstance(item, dict) else ():
            if isinstance(raw, dict):
                faulty = common | own.get((i, name), frozenset())
                yield Subject(
                    ('services', i, name), raw, read_settings(name, raw, top), top, cluster, faulty, inherited
                )


def _inherited(data: Any) -> dict[str, Path]:
    """The paths from which services inherit fields that are present there."""
    defaults = data.get(DEFAULTS) if isinstance(data, dict) else None
    found: dict[str, Path] = {}
    for entry in entries(ServiceSettings):
        if entry.inherits == DEFAULTS and isinstance(defaults, dict) and entry.name in defaults:
            found[entry.name] = (DEFAULTS, entry.name)
        elif entry.inherits == TOP and isinstance(data, dict) and entry.name in data:
            found[entry.name] = (entry.name,)
    return found


def _problems(findings: Iterable[Finding]) -> list[Problem]:
    """The findings without repetition: every service that inherits a field of `defaults` finds it again."""
    return [Problem(path, message) for path, message in dict.fromkeys(findings)]


def _faulty(mistakes: Iterable[Problem]) -> tuple[frozenset[Names], dict[Path, frozenset[Names]]]:
    """Parts with a wrong shape, as names below a service: those of all services, and those by item and name."""
    common: set[Names] = set()
    own: dict[Path, frozenset[Names]] = {}
    for path in (problem.path for problem in mistakes):
        depth = 3 if path[:1] == ('services',) else 1 if path[:1] == ('defaults',) else 0
        names = tuple(part for part in path[depth:] if isinstance(part, str))
        if depth == 3 and names:
            own[path[1:3]] = own.get(path[1:3], frozenset()) | {names}
        elif depth < 3 and names:
            common.add(names)
    return frozenset(common), own


def _apply(rules: Iterable[Rule], subjects: list[Subject]) -> list[Finding]:
    return [finding for subject in subjects for rule in rules for finding in rule.apply(subject)]


def _refusals(subjects: list[Subject], reported: set[Path]) -> Iterator[Finding]:
    """What ECS refuses of the services, at paths that no rule reported."""
    known = {path[:_FIELD_DEPTH] for path in reported}
    for subject in subjects:
        for path, message in refusals(subject, _REFUSALS):
            if path[:_FIELD_DEPTH] not in known:
                yield path, message


def _placed(problems: list[Problem], data: Any, position: Position | None) -> tuple[Problem, ...]:
    """The problems with their positions, in the order of the document."""
    ordered = sorted(problems, key=lambda problem: _order(data, problem.path))
    if position is None:
        return tuple(ordered)
    return tuple(Problem(p.path, p.message, *(position(p.path) or (None, None))) for p in ordered)


def _order(data: Any, path: Path) -> tuple[int, ...]:
    """The position of a path among its siblings at every level; an absent part comes last."""
    places = []
    for part in path:
        if isinstance(data, dict) and part in data:
            places.append(list(data).index(part))
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            places.append(part)
            data = data[part]
        else:
            places.append(len(data) if isinstance(data, dict | list) else 0)
            break
    return tuple(places)

"""Rules of the order between services, and of the tasks before and after a rollout."""

from collections.abc import Iterable, Iterator, Sequence

from stack.stackfile.naming import family, gate_family
from stack.stackfile.order_fields import Gate
from stack.stackfile.semantics.across import LONGEST_FAMILY
from stack.stackfile.semantics.rules import Finding, Subject, rule
from stack.stackfile.shapes import suggestion
from stack.stackfile.waves import cycles

STAGES = ('pre_deploy', 'post_deploy')


@rule('pre_deploy', 'post_deploy', 'type')
def tasks_have_no_gates(subject: Subject) -> Iterator[Finding]:
    for stage in STAGES:
        if subject.settings.type == 'task' and getattr(subject.settings, stage):
            yield (stage,), 'a service of type: task has no rollout: state the order with depends_on'


@rule('pre_deploy', 'post_deploy', 'controller')
def gated_rollouts_are_driven_by_nysa(subject: Subject) -> Iterator[Finding]:
    for stage in STAGES:
        if subject.settings.controller not in (None, 'ecs') and getattr(subject.settings, stage):
            yield (stage,), f'{subject.settings.controller} drives the rollouts of the service, not Nysa'


@rule('pre_deploy', 'post_deploy')
def gates_have_names_of_their_own(subject: Subject) -> Iterator[Finding]:
    seen: set[str] = set()
    for stage, index, gate in _gates(subject):
        if gate.name in seen:
            yield (stage, index), f'another task before or after the rollout is named {gate.name}'
        seen.add(gate.name)


def _gates(subject: Subject) -> Iterator[tuple[str, int, Gate]]:
    for stage in STAGES:
        gates: Sequence[Gate] = getattr(subject.settings, stage)
        yield from ((stage, index, gate) for index, gate in enumerate(gates))


def known_services(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: names in `depends_on` that are no service, or the service itself."""
    subjects = list(subjects)
    known = {subject.settings.name for subject in subjects}
    for subject in subjects:
        for name in _needs(subject):
            where = (*subject.path, 'depends_on', *subject.settings.depends_on.places[name])
            if name == subject.settings.name:
                yield where, 'a service cannot depend on itself'
            elif name not in known:
                yield where, f'there is no service {name}{suggestion(name, known)}'


def _needs(subject: Subject) -> tuple[str, ...]:
    """The services that it needs; none where `depends_on` has a wrong shape."""
    faulty = any(part[0] == 'depends_on' for part in subject.faulty)
    return () if faulty else subject.settings.depends_on.services


def no_cycles(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: services that wait for each other; a service that needs itself is found by `known_services`."""
    by_name = {subject.settings.name: subject for subject in reversed(list(subjects))}
    names = reversed(by_name)
    needs = {name: [need for need in _needs(by_name[name]) if need != name] for name in names}
    for cycle in cycles(needs):
        subject = by_name[cycle[0]]
        place = subject.settings.depends_on.places[cycle[1]]
        path = ' → '.join((*cycle, cycle[0]))
        yield (*subject.path, 'depends_on', *place), f'the services wait for each other: {path}'


def families_of_gates(subjects: Iterable[Subject]) -> Iterator[Finding]:
    """Mistakes: task definitions of gates with the name of another one, or one that is too long."""
    subjects = list(subjects)
    owners = {family(subject.cluster or '', subject.settings.name): subject.settings.name for subject in subjects}
    for subject in subjects:
        for stage, index, gate in _gates(subject):
            where = (*subject.path, stage, index, gate.name)
            name = gate_family(subject.cluster or '', subject.settings.name, gate.name)
            owner = owners.setdefault(name, f'{subject.settings.name}/{gate.name}')
            if owner != f'{subject.settings.name}/{gate.name}':
                yield where, f'its task definition would have the name of that of {owner}'
            if subject.cluster is not None and len(name) > LONGEST_FAMILY:
                message = f'its task definition would be named {name}: {len(name)} characters'
                yield where, f'{message}, ECS accepts {LONGEST_FAMILY}'


RULES = (tasks_have_no_gates, gated_rollouts_are_driven_by_nysa, gates_have_names_of_their_own)
ACROSS = (known_services, no_cycles, families_of_gates)

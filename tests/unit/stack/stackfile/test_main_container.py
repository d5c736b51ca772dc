"""Which container of a task definition is the service's own."""

from typing import Any

import pytest

from stack.reconcile.definition import definition_changes
from stack.stackfile.main_container import essential_names, main_container, main_first

PROXY = {'name': 'proxy', 'image': 'envoy:1', 'essential': False}
AGENT = {'name': 'agent', 'image': 'agent:1', 'essential': True}
WEB = {'name': 'web', 'image': 'web:1'}


@pytest.mark.parametrize(
    ('containers', 'main'),
    [
        ([PROXY, WEB], WEB),
        ([AGENT, WEB], WEB),
        ([PROXY, AGENT], AGENT),
        ([PROXY], PROXY),
        ([], {}),
    ],
)
def test_it_is_called_as_the_service_or_is_essential(containers: list[dict[str, Any]], main: dict[str, Any]):
    definition = {'containerDefinitions': containers}
    assert main_container(definition, 'web') == main
    assert main_first(definition, 'web')['containerDefinitions'][0] == main


def test_a_container_is_essential_by_default():
    assert essential_names({'containerDefinitions': [PROXY, AGENT, WEB]}) == {'agent', 'web'}


def test_a_sidecar_before_the_main_container_is_no_difference_of_its_fields():
    wanted = {'family': 'prod-web', 'containerDefinitions': [{**WEB, 'image': 'web:2'}]}
    registered = {'family': 'prod-web', 'containerDefinitions': [PROXY, WEB]}
    changed = {each.path: (each.before, each.after) for each in definition_changes(registered, wanted)}
    proxy, none = changed.pop('containers')
    assert (list(proxy), none) == (['proxy'], None)
    assert changed == {'image': ('web:1', 'web:2')}

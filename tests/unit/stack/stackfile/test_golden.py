"""Documents of former versions render byte for byte as before, so that an upgrade deploys nothing.

The JSON files were rendered by an earlier version, and change only together with a note in the changelog.
"""

import json
from pathlib import Path

import pytest

from stack.reconcile.wanted import wanted_services
from stack.stackfile.reading import read

GOLDEN = Path(__file__).with_name('golden')


@pytest.mark.parametrize('name', ['first', 'former_fields'])
def test_the_rendering_is_as_before(name: str):
    document = read((GOLDEN / f'{name}.yaml').read_bytes(), 'yaml').data
    rendered = {
        service: {'definition': wanted.definition, 'service': wanted.members, 'count': wanted.count}
        for service, wanted in wanted_services('staging', document, 'us-east-1').items()
    }
    assert json.dumps(rendered, indent=1) + '\n' == (GOLDEN / f'{name}.json').read_text()

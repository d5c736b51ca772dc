"""The reference of all fields."""

from stack.stackfile.documentation import reference
from stack.stackfile.entries import entries
from stack.stackfile.fields import ServiceSettings, Stackfile


def test_every_field_has_its_row():
    rows = [line.split('|')[1].strip() for line in reference().splitlines() if line.startswith('| `')]
    top, service = reference().split('### Of a service')
    for part in (top, service):
        names = [line.split('|')[1] for line in part.splitlines() if line.startswith('| `')]
        assert len(names) == len(set(names))
    for field in (*entries(Stackfile), *entries(ServiceSettings)):
        assert f'`{field.name}`' in rows
    assert '`elb.healthcheck.path`' in rows
    assert '`placement_constraints[].type`' in rows


def test_rows():
    rows = reference().splitlines()
    assert any(row.startswith('| `memory` |') and row.endswith('Also under `defaults`. |') for row in rows)
    assert '| `privileged` | true or false | `false` | Root rights on the instance. |' in rows
    assert '| `image` | an image reference | required | The image that the container runs. |' in rows

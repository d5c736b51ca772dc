"""The audit of the installation on a bucket that another program writes to."""

import pytest

from stack.aws.s3 import Bucket
from stack.changes.installation_audit import INSTALLATION, InstallationAudit
from tests.asynchronous import asynchronous
from tests.fake_s3 import FakeS3, World


@pytest.mark.parametrize('body', [b'{}', b'[]', b'[1]', b'[{"kind": "refusal"}]', b'[{"at": 1}]', b'[' * 100_000])
@asynchronous
async def test_an_object_that_is_no_entries_does_not_hide_the_others(body: bytes):
    world = World()
    world.store(f'{INSTALLATION}0999999999998', body)
    world.store(f'{INSTALLATION}0999999999999', b'[{"at": "2030-01-01T00:00:00+00:00"}]')
    audit = InstallationAudit(Bucket(FakeS3(world), 'bucket'), None, bool)  # type: ignore[arg-type]  no cluster is asked for
    entries, following = await audit.page(200)
    assert (entries, following) == ([{'at': '2030-01-01T00:00:00+00:00'}], None)

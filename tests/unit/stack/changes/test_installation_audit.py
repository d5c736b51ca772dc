"""The audit of the installation on a bucket that another program writes to."""

import pytest

from stack.aws.s3 import Bucket
from stack.changes.audit_verification import Verification
from stack.changes.installation_audit import INSTALLATION, InstallationAudit
from stack.errors import NotAuthenticated
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


@asynchronous
async def test_its_newest_entries_cannot_be_deleted_unseen():
    world = World()
    bucket = Bucket(FakeS3(world), 'bucket')
    for number in (1, 2):
        audit = InstallationAudit(bucket, None, bool)  # type: ignore[arg-type]  no cluster is asked for
        audit.sign_in_failed(NotAuthenticated('no'), f'10.0.0.{number}', None)
        await audit.close()
    [whole] = await Verification(bucket).installation()
    assert (whole.checked, whole.findings) == (2, ())
    world.delete(min(key for key in world.objects if key.startswith(INSTALLATION)))
    [proof] = await Verification(bucket).installation()
    assert 'the newest 1 of 2 objects are missing' in proof.findings[0].message

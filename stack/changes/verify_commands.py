"""The commands `audit verify` and `bucket verify` of nysa_server.py."""

import sys
from collections.abc import Sequence

from stack.changes import audit_verification, bucket_verification
from stack.changes.bucket_verification import Bucket
from stack.state.revision_store import RevisionStore


async def verify_audit(bucket: Bucket, clusters: Sequence[str], expected: Sequence[str]) -> int:
    """Check the audits of clusters, or all of them. Gives the exit status. Raises `AwsFailed`, and `NotFound`."""
    verification, store = audit_verification.Verification(bucket), RevisionStore(bucket)
    names = clusters or [*await store.names(), *await store.removed()]
    proofs = [proof for name in names for proof in await verification.cluster(name)]
    proofs += () if clusters else await verification.installation()
    return audit_verification.report(proofs, expected, sys.stdout)


async def verify_bucket(bucket: Bucket, expected: Sequence[str]) -> int:
    """Check every object of a bucket. Gives the exit status. Raises `AwsFailed`."""
    result = await bucket_verification.BucketVerification(bucket).run()
    return bucket_verification.report(result, expected, sys.stdout)

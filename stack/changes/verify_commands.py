"""The commands `audit verify` and `bucket verify` of nysa_server.py."""

import sys
from collections.abc import Sequence

from stack.changes import audit_verification, bucket_verification
from stack.changes.bucket_verification import Bucket


async def verify_audit(bucket: Bucket, clusters: Sequence[str], expected: Sequence[str]) -> int:
    """Check the audits of clusters, or all of them. Gives the exit status. Raises `AwsFailed`, and `NotFound`."""
    verification = audit_verification.Verification(bucket)
    proofs = [proof for name in clusters for proof in await verification.cluster(name)]
    if not clusters:
        proofs += [proof for name in await verification.clusters() for proof in await verification.chains(name)]
        proofs += await verification.installation()
    return audit_verification.report(proofs, expected, sys.stdout)


async def verify_bucket(bucket: Bucket, expected: Sequence[str]) -> int:
    """Check every object of a bucket. Gives the exit status. Raises `AwsFailed`."""
    result = await bucket_verification.BucketVerification(bucket).run()
    return bucket_verification.report(result, expected, sys.stdout)

"""When the current values of secrets and parameters came. The values themselves are not read."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from stack.aws.client import AwsClient
from stack.aws.errors import is_unavailable
from stack.aws.secrets import region_of
from stack.aws.ssm import described_parameters
from stack.errors import AwsFailed
from stack.runtime.lru import LruCache

# Versions of secrets whose time of creation is remembered: it never changes.
MOST_REMEMBERED = 5000

UNNOTICED = 'Secrets that change are not noticed.'


class SecretVersions:
    """The implementation of `stack.watch.secret_watch.Versions`. All raise `AwsFailed`.

    A missing permission is recorded as a limitation, which `/readyz` shows, and nothing counts as changed then.
    """

    def __init__(self, aws: AwsClient):
        self._aws = aws
        self._created: LruCache[tuple[str, str], datetime] = LruCache(MOST_REMEMBERED)

    async def secret_changed(self, arn: str) -> datetime | None:
        """When the current value of a secret came; None where that is not known.

        It is the creation of the version with AWSCURRENT, or the end of the rotation that gave it this label. A label
        that was moved back to an older version is dated by the last change of the secret.
        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
        """
        try:
            found = await self._aws.call('secretsmanager', 'DescribeSecret', region=region_of(arn), SecretId=arn)
            current = _version(found, 'AWSCURRENT')
            if current is None:
                return None
            times = await self._times(arn, current, _version(found, 'AWSPREVIOUS'))
        except AwsFailed as failed:
            self._unknown('secretsmanager', failed)
            return None
        self._aws.limitations.remove('secretsmanager:DescribeSecret')
        created, previous = times
        if previous is not None and created is not None and previous > created:
            changed: datetime | None = found.get('LastChangedDate')
            return changed
        known = [at for at in (created, found.get('LastRotatedDate')) if at is not None]
        return max(known, default=None)

    async def parameters_changed(self, names: Collection[str], region: str | None) -> Mapping[str, datetime]:
        """When the current values of parameters came, by name; those that do not exist are left out."""
        try:
            found = await described_parameters(self._aws, names, region)
        except AwsFailed as failed:
            self._unknown('ssm', failed)
            return {}
        self._aws.limitations.remove('ssm:DescribeParameters')
        return {each['Name']: each['LastModifiedDate'] for each in found if each.get('LastModifiedDate')}

    async def _times(self, arn: str, current: str, previous: str | None) -> tuple[datetime | None, datetime | None]:
        wanted = [(arn, version) for version in (current, previous) if version]
        if any(self._created.get(key) is None for key in wanted):
            where = region_of(arn)
            answer = await self._aws.call('secretsmanager', 'ListSecretVersionIds', region=where, SecretId=arn)
            for row in answer.get('Versions') or ():
                if row.get('CreatedDate'):
                    self._created.put((arn, row['VersionId']), row['CreatedDate'])
        return self._created.get((arn, current)), self._created.get((arn, previous)) if previous else None

    def _unknown(self, service: str, failed: AwsFailed) -> None:
        """Record what is not permitted; what does not exist is not changed. Raises any other failure."""
        if failed.aws_code == 'ResourceNotFoundException':
            return
        if not is_unavailable(failed):
            raise failed
        call = 'ssm:DescribeParameters' if service == 'ssm' else 'secretsmanager:DescribeSecret'
        self._aws.limitations.add(call, f'{UNNOTICED} {failed.message}')


def _version(found: Mapping[str, Any], stage: str) -> str | None:
    """The id of the version with a label."""
    versions: Mapping[str, Any] = found.get('VersionIdsToStages') or {}
    return next((version for version, stages in versions.items() if stage in stages), None)

"""Corrections of moto's Secrets Manager: the times at which versions were created."""

import json
from typing import Any

from moto.secretsmanager.models import SecretsManagerBackend

from stack.sandbox.patching import replace


def install() -> None:
    moto_list: Any = SecretsManagerBackend.list_secret_version_ids

    def list_secret_version_ids(self: SecretsManagerBackend, secret_id: str) -> str:
        """moto states the present time as that of every version."""
        versions = self.secrets[secret_id].versions
        answer = json.loads(moto_list(self, secret_id))
        for row in answer['Versions']:
            row['CreatedDate'] = versions[row['VersionId']]['createdate']
        return json.dumps(answer)

    replace(SecretsManagerBackend, 'list_secret_version_ids', list_secret_version_ids)

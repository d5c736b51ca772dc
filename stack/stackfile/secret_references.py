"""Parser of `valueFrom`: a secret of Secrets Manager, or a parameter of Systems Manager.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-paramstore.html
"""

from dataclasses import dataclass

# `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME`, and then `:KEY:STAGE:VERSION`.
_PARTS_OF_ARN = 7


@dataclass(frozen=True)
class SecretReference:
    """A secret by its ARN, or by its name; empty where a part is not stated."""

    arn: str
    key: str = ''
    stage: str = ''
    version: str = ''

    @property
    def name(self) -> str:
        return self.arn.rpartition(':')[2]


@dataclass(frozen=True)
class ParameterReference:
    """A parameter by the names that it may have; `region` is None where nothing states it."""

    names: tuple[str, ...]
    region: str | None


def reference(value_from: str, region: str | None = None) -> SecretReference | ParameterReference:
    """What a `valueFrom` refers to; `region` is that of the task."""
    parts = value_from.split(':')
    if len(parts) >= _PARTS_OF_ARN and parts[2] == 'secretsmanager':
        key, stage, version = (*parts[_PARTS_OF_ARN:], '', '', '')[:3]
        return SecretReference(':'.join(parts[:_PARTS_OF_ARN]), key, stage, version)
    if len(parts) > 5 and parts[0] == 'arn':
        # `parameter/a` is the ARN of the names `a` and `/a`.
        name = parts[5].removeprefix('parameter/')
        return ParameterReference((f'/{name}', name) if '/' in name else (name, f'/{name}'), parts[3] or region)
    return ParameterReference((parts[0],), region)

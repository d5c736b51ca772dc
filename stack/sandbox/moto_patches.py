"""Corrections of moto where it differs from AWS or is too slow, each with its reason.

This module has those of all services; the other moto_….py modules have those of one service.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
import botocore.loaders
import moto.settings
from moto.core.base_backend import AccountSpecificBackend
from moto.core.common_models import BaseModel
from moto.moto_server import werkzeug_app

from stack.sandbox import (
    moto_cloudwatch,
    moto_ecr,
    moto_elbv2,
    moto_iam,
    moto_logs,
    moto_s3,
    moto_scheduler,
    moto_secrets,
    moto_servicediscovery,
    moto_sqs,
)
from stack.sandbox.patching import replace


@cache
def install() -> None:
    """Puts every patch in place, once in a process; to be called before moto answers anything."""
    # moto answers every browser page otherwise, whatever its origin.
    vars(werkzeug_app)['DISABLE_GLOBAL_CORS'] = True
    # A certificate would be pending for a minute; nothing in the sandbox adds its DNS records.
    moto.settings.ACM_VALIDATION_WAIT = 0
    # 1,000 policies that nothing here looks at take a second and 100 MB.
    moto.settings.load_iam_aws_managed_policies = lambda: False
    replace(AccountSpecificBackend, 'get_session', classmethod(lambda cls: _Regions()))
    _import_ec2()
    # moto keeps every instance of every class for its own data pages, deleted ones too, which is a leak.
    replace(BaseModel, '__new__', lambda cls, *args, **kwargs: object.__new__(cls))
    moto_cloudwatch.install()
    moto_ecr.install()
    moto_elbv2.install()
    moto_iam.install()
    moto_logs.install()
    moto_s3.install()
    moto_scheduler.install()
    moto_secrets.install()
    moto_servicediscovery.install()
    moto_sqs.install()


class _Regions:
    """AWS's regions without the service models that boto3's Session reads for them: 0.5 s of the start."""

    def get_available_partitions(self) -> list[str]:
        return list(_partitions())

    def get_available_regions(self, service_name: str, partition_name: str = 'aws') -> list[str]:
        return _partitions().get(partition_name, [])


@cache
def _partitions() -> dict[str, list[str]]:
    endpoints = botocore.loaders.create_loader().load_data('endpoints')
    return {partition['partition']: list(partition['regions']) for partition in endpoints['partitions']}


def _import_ec2() -> None:
    session: Callable[..., Any] = boto3.Session
    boto3.Session = _Regions
    try:
        import moto.ec2.models.availability_zones_and_regions  # noqa: F401 - asks boto3 for regions on import
    finally:
        boto3.Session = session

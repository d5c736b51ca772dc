# ruff: noqa: RUF009 - the calls make frozen values: that is what a table of fields is made of
"""Volumes of a task and their mounts; as text in the format of Compose, or as mappings.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Volume.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stack.stackfile import inverse, rendering
from stack.stackfile.entries import entry, record
from stack.stackfile.rendering import key
from stack.stackfile.shapes import choice, either, mapping_of, parsed, scalar, switch, text, whole

_NAME = r'[A-Za-z0-9_-]{1,255}'
VOLUME_NAME = text(_NAME, 'a name of letters, digits, - and _')
_FILE_SYSTEM = text()
_SCALARS = mapping_of(text(), scalar())


@dataclass(frozen=True, kw_only=True)
class Efs:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html"""

    file_system: str = entry(_FILE_SYSTEM, 'The id of the file system.', required=True, ecs=key('fileSystemId'))
    root: str | None = entry(text(), 'The directory that is mounted; `/`.', ecs=key('rootDirectory'))
    encryption: bool | None = entry(
        switch(), 'Encryption in transit.', ecs=key('transitEncryption', rendering.enabled, inverse.enabled)
    )
    encryption_port: int | None = entry(
        whole(0, 65535), 'The port for encrypted data.', ecs=key('transitEncryptionPort')
    )
    access_point: str | None = entry(
        text(), 'The id of an access point; needs `encryption`.', ecs=key('authorizationConfig.accessPointId')
    )
    iam: bool | None = entry(
        switch(),
        "The task's role decides on access; needs `encryption`.",
        ecs=key('authorizationConfig.iam', rendering.enabled, inverse.enabled),
    )


@dataclass(frozen=True, kw_only=True)
class S3Files:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_S3FilesVolumeConfiguration.html"""

    file_system: str = entry(_FILE_SYSTEM, 'The ARN of the file system.', required=True, ecs=key('fileSystemArn'))
    root: str | None = entry(text(), 'The directory that is mounted.', ecs=key('rootDirectory'))
    encryption_port: int | None = entry(
        whole(0, 65535), 'The port for encrypted data.', ecs=key('transitEncryptionPort')
    )
    access_point: str | None = entry(text(), 'The ARN of an access point.', ecs=key('accessPointArn'))


@dataclass(frozen=True, kw_only=True)
class Fsx:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_FSxWindowsFileServerVolumeConfiguration.html"""

    file_system: str = entry(_FILE_SYSTEM, 'The id of the file system.', required=True, ecs=key('fileSystemId'))
    root: str = entry(text(), 'The directory that is mounted.', required=True, ecs=key('rootDirectory'))
    credentials: str = entry(
        text(),
        'The ARN of the secret or parameter with the credentials.',
        required=True,
        ecs=key('authorizationConfig.credentialsParameter'),
    )
    domain: str = entry(
        text(), 'The domain of the directory service.', required=True, ecs=key('authorizationConfig.domain')
    )


@dataclass(frozen=True, kw_only=True)
class DockerVolume:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DockerVolumeConfiguration.html"""

    scope: str | None = entry(
        choice('task', 'shared'), 'Whether it lives as long as the task, or longer.', ecs=key('scope')
    )
    autoprovision: bool | None = entry(switch(), 'Created where it is missing.', ecs=key('autoprovision'))
    driver: str | None = entry(text(), 'The volume driver.', ecs=key('driver'))
    driver_options: Mapping[str, str] = entry(
        _SCALARS, 'Options of the driver.', default={}, ecs=key('driverOpts', rendering.mapping, inverse.mapping)
    )
    labels: Mapping[str, str] = entry(
        _SCALARS, 'Docker labels of the volume.', default={}, ecs=key('labels', rendering.mapping, inverse.mapping)
    )


@dataclass(frozen=True, kw_only=True)
class Ebs:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceManagedEBSVolumeConfiguration.html"""

    role: str = entry(text(), 'The ARN of the role that manages it.', required=True, ecs=key('roleArn'))
    size: int | None = entry(whole(1, 65_536), 'Its size, GiB.', ecs=key('sizeInGiB'))
    type: str | None = entry(text(), 'The type of volume, such as `gp3`.', ecs=key('volumeType'))
    iops: int | None = entry(whole(1, 2**31 - 1), 'I/O operations a second.', ecs=key('iops'))
    throughput: int | None = entry(whole(1, 2**31 - 1), 'Throughput, MiB/s.', ecs=key('throughput'))
    encrypted: bool | None = entry(switch(), 'Encryption at rest.', ecs=key('encrypted'))
    kms_key: str | None = entry(text(), 'The key for encryption.', ecs=key('kmsKeyId'))
    snapshot: str | None = entry(text(), 'The snapshot that it starts from.', ecs=key('snapshotId'))
    initialization_rate: int | None = entry(
        whole(1, 2**31 - 1), 'Rate at which a snapshot is read, MiB/s.', ecs=key('volumeInitializationRate')
    )
    file_system: str | None = entry(
        choice('ext3', 'ext4', 'xfs', 'ntfs'), 'The file system; `xfs`.', ecs=key('filesystemType')
    )


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume of the task. Without a kind it is empty, and its containers share it."""

    name: str = entry(VOLUME_NAME, 'Its name.', required=True)
    mount: str | None = entry(text(), 'Where the main container mounts it; absent mounts it nowhere.')
    read_only: bool = entry(switch(), 'The main container cannot write to it.', default=False)
    host: str | None = entry(text(), 'A directory of the instance.')
    efs: Efs | None = entry(record(Efs), 'A file system of EFS.')
    ebs: Ebs | None = entry(record(Ebs), 'A volume of EBS for each task, made with it.')
    docker: DockerVolume | None = entry(record(DockerVolume), 'A Docker volume, on EC2.')
    fsx: Fsx | None = entry(record(Fsx), 'A file system of FSx for Windows File Server.')
    s3files: S3Files | None = entry(record(S3Files), 'A file system of S3 Files.')

    @property
    def kinds(self) -> list[str]:
        """The stated kinds of storage; more than one is a mistake."""
        return [kind for kind in ('host', 'efs', 'ebs', 'docker', 'fsx', 's3files') if getattr(self, kind) is not None]

    def as_text(self) -> str | None:
        """The short form; None where it cannot express the volume."""
        if self.kinds != ['host'] or not self.mount or ':' in f'{self.host}{self.mount}':
            return None
        return f'{self.name}:{self.host}:{self.mount}' + (':ro' if self.read_only else '')


_VOLUME_TEXT = parsed(
    rf'({_NAME}):(/[^:\s]*):(/[^:\s]*)(?::(ro|rw))?',
    'NAME:/HOST/PATH:/CONTAINER/PATH, with :ro at the end for read only',
    'data:/srv/data:/data:ro',
    lambda m: Volume(name=m[1], host=m[2], mount=m[3], read_only=m[4] == 'ro'),
)

VOLUME = either(_VOLUME_TEXT, str, record(Volume))


@dataclass(frozen=True, kw_only=True)
class Mount:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_MountPoint.html"""

    name: str = entry(VOLUME_NAME, 'The volume.', required=True, ecs=key('sourceVolume'))
    mount: str = entry(text(), 'Where it is mounted.', required=True, ecs=key('containerPath'))
    read_only: bool = entry(switch(), 'The container cannot write to it.', default=False, ecs=key('readOnly'))


_MOUNT_TEXT = parsed(
    rf'({_NAME}):(/[^:\s]*)(?::(ro|rw))?',
    'VOLUME:/CONTAINER/PATH, with :ro at the end for read only',
    'data:/data:ro',
    lambda m: Mount(name=m[1], mount=m[2], read_only=m[3] == 'ro'),
)

MOUNT = either(_MOUNT_TEXT, str, record(Mount))


@dataclass(frozen=True, kw_only=True)
class VolumeFrom:
    """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_VolumeFrom.html"""

    container: str = entry(VOLUME_NAME, 'The other container.', required=True, ecs=key('sourceContainer'))
    read_only: bool = entry(switch(), 'This container cannot write to them.', default=False, ecs=key('readOnly'))


_VOLUME_FROM_TEXT = parsed(
    rf'({_NAME})(?::(ro|rw))?',
    'CONTAINER, with :ro at the end for read only',
    'app:ro',
    lambda m: VolumeFrom(container=m[1], read_only=m[2] == 'ro'),
)

VOLUME_FROM = either(_VOLUME_FROM_TEXT, str, record(VolumeFrom))

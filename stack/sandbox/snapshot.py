"""What moto and our ECS hold, as one file: exact in ids, times and messages, and good for one version of moto only.

moto has no form of its own for it, so its objects are pickled as they are: all services in one go, since they hold
on to each other's. S3's objects are not among them; those are plain files (plain_files.py).
"""

import hashlib
import io
import json
import logging
import pickle
import platform
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import moto.backends
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.core.base_backend import BackendDict, BaseBackend
from moto.s3.utils import _VersionedKeyStore

from stack.sandbox.safe_files import write_whole

log = logging.getLogger(__name__)

_FORMAT = 1
_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())
# The stock images of EC2, 900 KB of them: the same in every backend, and nothing here makes any.
_STOCK = {'ec2': {'amis', 'snapshots'}}

# Service and region → the attributes of its backend.
Backends = dict[tuple[str, str], dict[str, Any]]


class UnusableSnapshot(Exception):
    """The snapshot is damaged, or another version's; `str()` says which."""


def _this_program() -> dict[str, Any]:
    """Which programs write it; the very same ones read it again."""
    return {'format': _FORMAT, 'moto': version('moto'), 'python': '.'.join(platform.python_version_tuple()[:2])}


def dump(account: str, ecs: Any) -> bytes:
    """Everything that moto holds of an account but S3's objects, and `ecs`, the state of ours; LOCK is held."""
    services: Backends = {}
    for service in BackendDict._instances:
        for region, backend in service.get(account, {}).items():
            stock = _STOCK.get(service.service_name, set())
            services[service.service_name, region] = {k: v for k, v in vars(backend).items() if k not in stock}
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump({'services': services, 'ecs': ecs})
    return buffer.getvalue()


def restore(account: str, payload: bytes) -> Any:
    """Puts what `dump` gave into moto, in an account that is empty; our ECS's state comes back. LOCK is held.

    Raises UnusableSnapshot, and has changed nothing then.
    """
    try:
        state = _Unpickler(io.BytesIO(payload), account).load()
    except Exception as wrong:
        raise UnusableSnapshot(f'it cannot be unpickled: {wrong}') from wrong
    for (service, region), attributes in state['services'].items():
        vars(moto.backends.get_backend(service)[account][region]).update(attributes)
    return state['ecs']


def write(path: Path, payload: bytes) -> None:
    """Puts it on the disk in the place of the one before. Raises OSError."""
    head = _this_program() | {'bytes': len(payload), 'sha256': hashlib.sha256(payload).hexdigest()}
    write_whole(path, json.dumps(head).encode() + b'\n' + payload)


def read(path: Path) -> bytes | None:
    """What `write` wrote, None where nothing is. Raises UnusableSnapshot."""
    try:
        head, _, payload = path.read_bytes().partition(b'\n')
    except FileNotFoundError:
        return None
    except OSError as wrong:
        raise UnusableSnapshot(f'it cannot be read: {wrong}') from wrong
    try:
        about = json.loads(head)
        whole = about['sha256'] == hashlib.sha256(payload).hexdigest()
    except (ValueError, LookupError, TypeError) as wrong:
        raise UnusableSnapshot('it is damaged') from wrong
    if not whole:
        raise UnusableSnapshot('it is damaged')
    if strange := {name: about.get(name) for name, mine in _this_program().items() if about.get(name) != mine}:
        raise UnusableSnapshot(f'it was written by another program: {strange}')
    return payload


class _Pickler(pickle.Pickler):
    """Backends by name, since a backend's parts hold on to it and to others; and what pickle cannot do by itself."""

    def persistent_id(self, value: Any) -> tuple[str, str] | None:
        if isinstance(value, BaseBackend):
            return type(value).__module__.split('.')[1], value.region_name
        return None

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, _VersionedKeyStore):
            return _VersionedKeyStore, ()
        if isinstance(value, threading.Condition):
            return threading.Condition, ()
        if isinstance(value, _RLOCK):
            return threading.RLock, ()
        if isinstance(value, _LOCK):
            return threading.Lock, ()
        if isinstance(value, RSAPrivateKey):
            pem = value.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            return _private_key, (pem,)
        if isinstance(value, x509.Certificate):
            return _certificate, (value.public_bytes(serialization.Encoding.PEM),)
        return NotImplemented


def _certificate(pem: bytes) -> x509.Certificate:
    # Ours, since pickle finds no built-in function of cryptography's by its name.
    return x509.load_pem_x509_certificate(pem)


def _private_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, None)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, account: str):
        super().__init__(file)
        self._account = account

    def persistent_load(self, name: tuple[str, str]) -> BaseBackend:
        service, region = name
        return moto.backends.get_backend(service)[self._account][region]

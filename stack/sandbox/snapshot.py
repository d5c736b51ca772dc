"""Snapshot of moto and our ECS in one file: exact in ids, times and messages, readable by one version of moto only.

moto has no form of its own for it, so its objects are pickled as they are: all services in one go, since they refer to
each other's. S3's objects are not among them; those are plain files (plain_files.py). What is read back may name
only classes of moto, of this package and a few of the standard library: a foreign file cannot run code.
"""

import hashlib
import io
import json
import logging
import pickle
import platform
import threading
from collections import defaultdict
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from types import MethodType
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.core.base_backend import BaseBackend
from moto.s3.utils import _VersionedKeyStore

from stack.sandbox.moto_backends import of_region, services
from stack.sandbox.safe_files import write_whole

log = logging.getLogger(__name__)

_FORMAT = 2
_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())
# The stock images of EC2, 900 KB of them: the same in every backend, and nothing here makes any.
_STOCK = {'ec2': {'amis', 'snapshots'}}

# What moto's objects consist of besides its own classes.
_PLAIN = {
    ('builtins', name)
    for name in (
        'bool',
        'bytearray',
        'bytes',
        'complex',
        'dict',
        'float',
        'frozenset',
        'int',
        'list',
        'set',
        'str',
        'tuple',
    )
} | {
    ('collections', 'Counter'),
    ('collections', 'OrderedDict'),
    ('collections', 'defaultdict'),
    ('collections', 'deque'),
    ('datetime', 'date'),
    ('datetime', 'datetime'),
    ('datetime', 'timedelta'),
    ('datetime', 'timezone'),
    ('decimal', 'Decimal'),
    ('ipaddress', 'IPv4Address'),
    ('ipaddress', 'IPv4Network'),
    ('re', '_compile'),
    ('threading', 'Condition'),
    ('threading', 'Lock'),
    ('threading', 'RLock'),
    ('uuid', 'UUID'),
    ('_thread', 'allocate_lock'),
    ('_thread', 'RLock'),
}
# Packages whose classes may be in a snapshot, and our own functions that make what has no class to name.
_PACKAGES = ('moto.', 'stack.sandbox.')

# Service and region → the attributes of its backend.
Backends = dict[tuple[str, str], dict[str, Any]]


class Unkeepable(Exception):
    """Some services hold what cannot be pickled; `services` gives the reason of each, by name."""

    def __init__(self, services: dict[str, str]):
        super().__init__(', '.join(f'{name}: {reason}' for name, reason in services.items()))
        self.services = services


class UnusableSnapshot(Exception):
    """The snapshot is damaged, or another version's; `str()` is the reason."""


def _this_program() -> dict[str, Any]:
    """Which programs write it; the very same ones read it again."""
    return {'format': _FORMAT, 'moto': version('moto'), 'python': '.'.join(platform.python_version_tuple()[:2])}


def dump(account: str, ecs: Any, without: Collection[str] = ()) -> bytes:
    """Everything that moto holds of an account but S3's objects, and `ecs`, our ECS's state; LOCK is held.

    `without` are services that are left out. Raises Unkeepable where others would have to be.
    """
    kept: Backends = {}
    for service in services():
        if service.service_name in without:
            continue
        for region, backend in service.get(account, {}).items():
            stock = _STOCK.get(service.service_name, set())
            attributes = {name: _refillable(value) for name, value in vars(backend).items() if name not in stock}
            kept[service.service_name, region] = attributes
    try:
        return _pickled({'services': kept, 'ecs': ecs})
    except Exception:
        if found := _unkeepable(kept):
            raise Unkeepable(found) from None
        raise


def _pickled(value: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=5).dump(value)
    return buffer.getvalue()


def _unkeepable(services: Backends) -> dict[str, str]:
    found: dict[str, str] = {}
    for (service, _), attributes in services.items():
        try:
            _pickled(attributes)
        except Exception as reason:  # noqa: BLE001 - whatever an object of moto's raises when it is pickled
            found[service] = str(reason)
    return found


class _Refill(dict[Any, Any]):
    """The items of a mapping that only its backend can make, into which they are put back."""


def _refillable(value: Any) -> Any:
    if not isinstance(value, defaultdict):
        return value
    # A function inside of another has no name to be found by, and a class of moto's may need more than its items.
    by_a_local = '<locals>' in getattr(value.default_factory, '__qualname__', '')
    return _Refill(value) if by_a_local or type(value) is not defaultdict else value


def restore(account: str, payload: bytes) -> Any:
    """Puts what `dump` gave into moto, in an account that is empty; our ECS's state comes back. LOCK is held.

    Raises UnusableSnapshot, and has changed nothing then.
    """
    try:
        state = _Unpickler(io.BytesIO(payload), account).load()
    except Exception as wrong:
        raise UnusableSnapshot(f'it cannot be unpickled: {wrong}') from wrong
    for (service, region), attributes in state['services'].items():
        backend = vars(of_region(account, service, region))
        for name, value in attributes.items():
            if isinstance(value, _Refill):
                backend[name].update(value)
            else:
                backend[name] = value
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
        if isinstance(value, MethodType):
            return _method, (value.__self__, value.__name__)
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


def _method(owner: Any, name: str) -> Any:
    if not type(owner).__module__.startswith(_PACKAGES) or name.startswith('_'):
        raise pickle.UnpicklingError(f'no method {name} of {type(owner).__qualname__} may be in a snapshot')
    return getattr(owner, name)


def _certificate(pem: bytes) -> x509.Certificate:
    # Ours, since pickle finds no built-in function of cryptography's by its name.
    return x509.load_pem_x509_certificate(pem)


def _private_key(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, None)


_OWN_FUNCTIONS = {each.__name__ for each in (_certificate, _method, _private_key)}


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, account: str):
        super().__init__(file)
        self._account = account

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN or (module == __name__ and name in _OWN_FUNCTIONS):
            return super().find_class(module, name)
        if f'{module}.'.startswith(_PACKAGES):
            found = super().find_class(module, name)
            # By its own module: what a module of moto has imported is not for a snapshot to name.
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f'{module}.{name} may not be in a snapshot')

    def persistent_load(self, name: tuple[str, str]) -> BaseBackend:
        service, region = name
        return of_region(self._account, service, region)

"""Parser of image references: `registry:port/team/app:tag@sha256:…`.

The grammar is that of the OCI distribution specification and of Docker's reference format:
https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests and
https://pkg.go.dev/github.com/distribution/reference.
"""

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from stack.errors import InvalidRequest

TAG = r'[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}'
_HOST_LABEL = r'(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])'
_REGISTRY = rf'(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?'
_COMPONENT = r'[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*'
_REPOSITORY = rf'{_COMPONENT}(?:/{_COMPONENT})*'
_DIGEST = r'[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
REFERENCE = rf'(?:{_REGISTRY}/)?{_REPOSITORY}(?::{TAG})?(?:@{_DIGEST})?'
_LONGEST_NAME = 255

_PARTS = (
    ('registry', re.compile(_REGISTRY), 'a host name with an optional port'),
    ('repository', re.compile(_REPOSITORY), 'lower-case letters, digits, and . _ - / between them'),
    ('tag', re.compile(TAG), 'up to 128 letters, digits, and _ . - (not first)'),
    ('digest', re.compile(_DIGEST), 'an algorithm, a colon and at least 32 hexadecimal digits'),
)
# What only the name of a registry has.
_OF_REGISTRY = re.compile(r'[.:A-Z]|^localhost$')

# https://docs.aws.amazon.com/general/latest/gr/ecr.html
_ECR = re.compile(
    r'(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.'
    r'(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)'
)


class EcrRegistry(NamedTuple):
    account: str
    region: str
    registry: str


@dataclass(frozen=True)
class ImageReference:
    """An image reference as `docker pull` accepts it; `str()` returns the parsed text unchanged.

    `registry` is None for Docker Hub; `tag` and `digest` are None where the text has none.
    """

    repository: str
    registry: str | None = None
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> 'ImageReference':
        """The reference in `text`; raises InvalidRequest with the wrong part."""
        image = cls.split(text)
        for part, pattern, allowed in _PARTS:
            value = getattr(image, part)
            if value is not None and not pattern.fullmatch(value):
                raise InvalidRequest(f'{_shown(text)} is not an image: its {part} {_shown(value)} is not {allowed}')
        if len(image.name) > _LONGEST_NAME:
            raise InvalidRequest(f'{_shown(text)} is not an image: its name is longer than {_LONGEST_NAME} characters')
        return image

    @classmethod
    def split(cls, text: str) -> 'ImageReference':
        """The parts of any text, unchecked: stored documents may contain what `parse` refuses."""
        name, at, digest = text.partition('@')
        tag = tag_of(text)
        name = name if tag is None else name[: -len(tag) - 1]
        first, slash, rest = name.partition('/')
        is_registry = slash and _OF_REGISTRY.search(first) and re.fullmatch(_REGISTRY, first)
        registry = first if is_registry else None
        return cls(
            repository=name if registry is None else rest,
            registry=registry,
            tag=tag,
            digest=digest if at else None,
        )

    def __str__(self) -> str:
        tag = '' if self.tag is None else f':{self.tag}'
        digest = '' if self.digest is None else f'@{self.digest}'
        return f'{self.name}{tag}{digest}'

    @property
    def name(self) -> str:
        """The reference without tag and digest."""
        return self.repository if self.registry is None else f'{self.registry}/{self.repository}'

    @property
    def ecr(self) -> EcrRegistry | None:
        """The registry in Amazon ECR; None for an image in another registry."""
        found = _ECR.fullmatch(self.registry or '')
        return EcrRegistry(found['account'], found['region'], found[0]) if found else None

    def with_tag(self, tag: str) -> 'ImageReference':
        """The same image with another tag, and without a digest, which would override the tag.

        Raises InvalidRequest for an invalid tag.
        """
        if not is_tag(tag):
            raise InvalidRequest(f'{_shown(tag)} is not an image tag: {_PARTS[2][2]}')
        return replace(self, tag=tag, digest=None)


def tag_of(text: str) -> str | None:
    """The tag of any text, as `split` has it; None where it has none."""
    name = text.partition('@')[0]
    _, colon, tag = name[name.rfind('/') + 1 :].partition(':')
    return tag if colon else None


def is_tag(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(TAG, text) is not None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}…'

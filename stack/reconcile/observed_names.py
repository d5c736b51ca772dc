"""Observed names: typed values of what Route 53 and Cloud Map have.

The method `read` of a class parses an item of the response that the class docstring names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stack.reconcile import names

Answer = Mapping[str, Any]
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Record:
    """A Route 53 record set (ListResourceRecordSets); `alias` is the `AliasTarget` of one that is an alias."""

    zone: str
    name: str
    type: str
    alias: Answer | None = None
    found: Answer = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The load balancer that an alias points at, by its DNS name; empty for any other record."""
        return names.alias_target(self.alias['DNSName']) if self.alias else ''

    @classmethod
    def read(cls, zone: str, found: Answer) -> 'Record':
        return cls(zone, names.dns_name(found['Name']), found['Type'], found.get('AliasTarget'), found)


@dataclass(frozen=True)
class Namespace:
    """A Cloud Map private namespace (ListNamespaces); `vpcs`: where it is resolved, None where that is not known."""

    id: str
    arn: str
    name: str
    vpcs: frozenset[str] | None = None

    @classmethod
    def read(cls, found: Answer) -> 'Namespace':
        return cls(found['Id'], found['Arn'], names.dns_name(found['Name']))


@dataclass(frozen=True)
class Registry:
    """A Cloud Map service (ListServices) with its tags."""

    id: str
    arn: str
    name: str
    namespace: str
    records: tuple[tuple[str, int], ...] = ()
    routing: str = 'MULTIVALUE'
    custom_health: Answer | None = None
    tags: Tags = field(default_factory=dict)

    @classmethod
    def read(cls, namespace: str, found: Answer, tags: Tags) -> 'Registry':
        dns = found.get('DnsConfig') or {}
        return cls(
            id=found['Id'],
            arn=found['Arn'],
            name=names.dns_name(found['Name']),
            namespace=namespace,
            records=tuple(sorted((record['Type'], record['TTL']) for record in dns.get('DnsRecords') or ())),
            routing=dns.get('RoutingPolicy', 'MULTIVALUE'),
            custom_health=found.get('HealthCheckCustomConfig'),
            tags=tags,
        )

"""Requests of a client through an embedded load balancer, while a pass goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stack.sandbox.elb.traffic import Reply
    from tests.cluster import Cluster

# The time between two requests, and for which a client keeps an address, in seconds of the simulated clock.
EVERY_S = 1.0
TTL_S = 60.0


class Traffic:
    """A client of one load balancer, or of a record in DNS; `failures` has replies of 500 and more, and refusals."""

    def __init__(self, cluster: Cluster, balancer: str, record: str = '', every: float = EVERY_S):
        self._cluster = cluster
        self._every = every
        self._name = f'{cluster.name}-{balancer}-lb'
        self._record = record
        self._address = ('', 0.0)
        self.asked: list[tuple[int, str]] = []
        self._passing = cluster.passing
        self.count = 0
        self.failures: list[str] = []

    def send(self, port: int, path: str) -> Reply:
        from stack.sandbox.elb.matching import ClientRequest
        from stack.sandbox.elb.traffic import send

        self.count += 1
        return send(self._backend, self._dns_name(), port, ClientRequest('example.com', path), self.count)

    @property
    def _backend(self) -> Any:
        from moto.elbv2 import elbv2_backends

        return elbv2_backends[self._cluster.aws.account][self._cluster.aws.region]

    def _dns_name(self) -> str:
        if not self._record:
            known = {balancer.name: balancer.dns_name for balancer in self._backend.load_balancers.values()}
            return known[self._name]
        address, until = self._address
        if self._cluster.time.now >= until:
            client = self._cluster.aws.client('route53')
            found = client.list_resource_record_sets(HostedZoneId=self._cluster.zone)['ResourceRecordSets']
            alias = next(each['AliasTarget'] for each in found if each['Name'].rstrip('.') == self._record)
            address = alias['DNSName'].rstrip('.').removeprefix('dualstack.')
            self._address = address, self._cluster.time.now + TTL_S
        return address

    def group(self, port: int, path: str) -> str:
        """The name of the target group that gets a request."""
        return self.send(port, path).target_group.rpartition(':')[2].split('/')[1]

    def begin(self, *asked: tuple[int, str]) -> None:
        """Send requests for these ports and paths from now on: from time to time, and after each call of a pass."""
        self.asked = list(asked)
        self._passing, self._cluster.passing = self._cluster.passing, self._pass
        call = self._cluster.connection.call

        async def followed(service: str, operation: str, /, **arguments: Any) -> dict:
            answer = await call(service, operation, **arguments)
            self.look(f'after {service}:{operation}')
            return answer

        self._cluster.connection.call = followed

    def look(self, when: str) -> None:
        for port, path in self.asked:
            reply = self.send(port, path)
            if reply.status >= 500 or not reply.status:
                self.failures.append(f'{when}: {port}{path} → {reply.status} {reply.reason}')

    def _pass(self, seconds: float) -> None:
        """Advance AWS's time in steps, with requests in between."""
        while seconds > 0:
            step = min(self._every, seconds)
            self._passing(step)
            seconds -= step
            self.look('meanwhile')

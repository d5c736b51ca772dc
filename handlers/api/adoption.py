"""Adoption: a running ECS cluster comes under management, with a desired state derived from its services."""

from dataclasses import replace
from typing import Any

from handlers.api.account_filter import read_account
from handlers.api.operation import Parameter, operation
from handlers.api.yaml_answers import reply_yaml, wants_yaml, yaml_text
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.configuration.accounts import KEYS, Place
from stack.stackfile.check import check
from stack.stackfile.problems import refusal

ADOPTION = (
    Parameter('dry_run', 'true stores nothing: the answer is what would be stored.', kind='boolean'),
    Parameter('deploy', 'true also deploys the adopted desired state. Default: false.', kind='boolean'),
    Parameter('message', 'Why the cluster is adopted; kept with the revision. Also the header X-Nysa-Message.'),
    Parameter('account', 'The account of the cluster, where it is not the usual one for its name.'),
    Parameter('region', 'The region of the cluster, where it is not that of its account.'),
    Parameter('ecs_cluster', 'The name of the cluster in ECS, where it is to have another one in Nysa.'),
    Parameter('override', 'The reason to adopt despite a freeze; requires the role admin.'),
)


# Every service of a cluster is read from ECS, within its rate limits.
ADOPTED_WITHIN_S = 120.0

LISTED = (
    Parameter('managed', 'false lists only unmanaged clusters, true only managed ones.', kind='boolean'),
    Parameter('account', 'Lists only the clusters of that account, by its name in `NYSA_ACCOUNTS`, or `home`.'),
    Parameter('region', 'The region of that account; by default its usual one.'),
)


class EcsClusters(ApiHandler):
    @operation(Role.ADMIN, answer='EcsClusters', parameters=LISTED, refusals=(400,))
    async def get(self) -> None:
        """List the active ECS clusters of all accounts by their names in ECS, managed and unmanaged."""
        managed = self.query.flag('managed', default=False) if 'managed' in self.query else None
        listed = await self.context.ecs_clusters.active(self.caller.may_see, managed, self._place())
        self.reply({'content': listed.clusters, 'failing': listed.failing})

    def _place(self) -> Place | None:
        """The account and region that the caller names; None for every account. Raises `InvalidRequest`."""
        account, region = read_account(self.query)
        return None if account is None else self.context.places.table.named(account, region)


class Adopt(ApiHandler):
    @operation(
        Role.ADMIN,
        status=201,
        answer='Adopted',
        plan='Adoption',
        parameters=ADOPTION,
        refusals=(400, 409, 413, 422, 423),
        seconds=ADOPTED_WITHIN_S,
    )
    async def post(self, cluster: str) -> None:
        """Take a running ECS cluster under management as it is. Running services change only with `deploy=true`."""
        request = replace(self.change_request(), deploy=self.query.flag('deploy', default=False))
        stated = self._stated()
        adopter = self.context.adopters.planned(cluster, stated)
        if not request.dry_run:
            adopted = await adopter.adopt(cluster, request, stated)
            notes = [note.to_json() for note in adopted.written.notes]
            message = 'deploying...' if request.deploy else 'adopted, not deployed'
            self.reply_accepted(adopted.accepted, message, notes=notes)
            return
        adoption = await adopter.propose(cluster, stated)
        document = adoption.written.document
        self.set_header('Vary', 'Accept')
        if wants_yaml(self.request.headers):
            self.set_status(200)
            reply_yaml(self, document, adoption.lines())
        else:
            self.reply({**adoption.to_json(), 'stackfile': yaml_text(document)}, status=200)

    def _stated(self) -> dict[str, Any]:
        """The keys of the desired state that place the cluster, as the caller gives them. Raises `InvalidStackfile`."""
        given = {key: self.get_query_argument(key) for key in KEYS if key in self.query}
        stated = {'services': [], **given}
        report = check(stated)
        if report.mistakes:
            raise refusal(report.mistakes)
        return stated

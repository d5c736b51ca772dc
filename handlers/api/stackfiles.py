"""Stackfiles by themselves: validation, and their JSON Schema."""

from handlers.api.operation import Parameter, operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.runtime.off_loop import call_off_loop
from stack.stackfile.check import check
from stack.stackfile.json_schema import json_schema
from stack.stackfile.problems import details, refusal


class Validate(ApiHandler):
    @operation(
        Role.VIEWER,
        body='Stackfile',
        answer='Report',
        parameters=(Parameter('cluster', 'The target cluster, whose name counts in the length of some names.'),),
        refusals=(400, 413, 415),
    )
    async def post(self) -> None:
        """Validate a stackfile: all mistakes with path, line and column, and the warnings. Nothing is stored."""
        document = await self.body.stackfile()
        cluster = self.query.text('cluster')
        report = await call_off_loop(check, document.data, cluster=cluster, position=document.position)
        warnings = details(report.warnings)
        if report.mistakes:
            raise refusal(report.mistakes, report.warnings)
        self.reply({'valid': True, 'message': 'no mistakes', 'warnings': warnings})


class JsonSchema(ApiHandler):
    @operation(Role.PUBLIC, answer='JsonSchema')
    async def get(self) -> None:
        """Read the JSON Schema of a stackfile, for editors."""
        self.reply(json_schema(), media_type='application/schema+json')

"""The state of a rollout: read at once, or after waiting for its verdict."""

from handlers.api.body import expect_one_of
from handlers.api.operation import DEADLINE_S, Parameter, operation
from handlers.base import ApiHandler
from stack.access.access import Role
from stack.rollouts.cluster_state import ClusterState
from stack.rollouts.rollout_answer import Question, content, judged, paused, settled

LONGEST_WAIT_S = 600


def _settled_or_paused(state: ClusterState, question: Question) -> bool:
    return settled(state, question) or paused(state, question)


# By `wait_for`: whether there is nothing more to wait for.
DONE = {'settled': settled, 'paused': _settled_or_paused}


class Rollout(ApiHandler):
    gone = False

    def on_connection_close(self) -> None:
        """Stop waiting: the client has disconnected."""
        super().on_connection_close()
        self.gone = True
        self.context.live.askers.moved(*self.path_args)

    @operation(
        Role.VIEWER,
        answer='Rollout',
        parameters=(
            Parameter(
                'wait',
                'Wait up to this many seconds for the verdict. The status then is 200 where the desired state '
                'runs, 202 where it waits for a person (`paused`), 409 where the rollout failed or was superseded, 504 '
                'where it is still in progress.',
                kind='integer',
            ),
            Parameter(
                'wait_for',
                'With `wait`: `settled` (unless given) waits for the verdict, `paused` returns at a pause as well.',
            ),
            Parameter('revision', 'Only the services that this revision changed, with its verdict for them.'),
            Parameter('service', 'Only this service.'),
        ),
        refusals=(400, 404, 409, 503, 504),
        accepted='With `wait`: the rollout waits for a person.',
    )
    async def get(self, cluster: str) -> None:
        """Read how far ECS is from the desired state, by service; `wait` makes it one call for a CI job."""
        live, seconds = self.context.live, self.query.number('wait', 0, 0, LONGEST_WAIT_S)
        question = Question(self.query.text('revision'), self.query.text('service'))
        wait_for = self.query.text('wait_for') or 'settled'
        expect_one_of('wait_for', wait_for, tuple(DONE))
        done = DONE[wait_for]
        state = await live.at(await self.context.states.read(cluster))
        if 'wait' not in self.query:
            self.reply(content(state, question))
            return
        self.context.in_flight.wait(self, seconds + DEADLINE_S)
        await live.askers.until(cluster, lambda: self.gone or done(state, question), seconds)
        found = judged(state, question)
        self.reply(found, status=200 if found['settled'] else 202)

"""The programs in docs/integrations.md, run unchanged against a server that restarts."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.aws import Aws
from tests.rolling import BREAKER, state_of, web
from tests.stage import Stage

DOCUMENT = Path(__file__).parents[2] / 'docs' / 'integrations.md'
# Node as the locked packages bring it, which is there wherever the tests are.
INTERPRETERS = {'python': sys.executable, 'js': str(Path(sys.executable).with_name('node'))}
PATIENCE_S = 120.0


def snippets(language: str) -> list[str]:
    return re.findall(rf'^```{language}\n(.*?)^```$', DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)


@asynccontextmanager
async def running(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment,
        stdout=pipe,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        # The locked Node is started by a script, and outlives it.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()


class Printed:
    """What a client prints, line by line."""

    def __init__(self, process: asyncio.subprocess.Process):
        self._process = process
        self.lines: list[str] = []

    async def until(self, holds: Callable[[str], Any]) -> None:
        """Read on to the first line of which it is so."""
        async with asyncio.timeout(PATIENCE_S):
            while text := (await self._process.stdout.readline()).decode().rstrip():
                self.lines.append(text)
                if holds(text):
                    return
        raise AssertionError(f'it ended: {self.lines}')


def on_stage(aws: Aws, story: Callable[[Stage], Any]) -> None:
    async def whole() -> None:
        stage = Stage(aws)
        await stage.open(controlled=True)
        try:
            await story(stage)
        finally:
            await stage.close()

    asyncio.run(whole())


async def roll_out(stage: Stage, document: dict[str, Any], **options: Any) -> str:
    revision = await stage.change(document)
    stage.act(document)
    await stage.live.state(stage.name)
    await stage.settled(**options)
    return revision.id


@pytest.mark.parametrize('language', ['python', 'js'])
def test_a_client_prints_every_revision_and_every_verdict_once(aws: Aws, tmp_path: Path, language: str):
    """Whatever happens meanwhile: its line is cut, the server is away, and changes are made in its absence."""
    [text] = snippets(language)
    program = tmp_path / ('client.mjs' if language == 'js' else 'client.py')
    program.write_text(text)

    async def story(stage: Stage) -> None:
        environment = {'NYSA': f'{stage.origin}/api/v1', 'NYSA_TOKEN': stage.token}
        await roll_out(stage, state_of(web('1', **BREAKER)))
        async with running(INTERPRETERS[language], str(program), stage.name, **environment) as process:
            printed = Printed(process)
            await printed.until(lambda line: line == 'in step')
            second = await roll_out(stage, state_of(web('2', **BREAKER)))
            await printed.until(lambda line: 'succeeded' in line)
            stage.cut_everybody()
            third = await roll_out(stage, state_of(web('3-broken', **BREAKER)))
            await printed.until(lambda line: 'rolled-back' in line)
            await stage.stop()
            fourth = (await stage.change(state_of(web('4', **BREAKER)))).id
            fifth = (await stage.change(state_of(web('5', **BREAKER)))).id
            await stage.restart()
            stage.act(state_of(web('5', **BREAKER)))
            await stage.listened_to()
            await stage.settled()
            await printed.until(lambda line: f'{fifth[:8]} succeeded' in line)
        published = [line.partition(' - ')[0] for line in printed.lines if line != 'in step']
        wanted = [(second, '1 → 2'), (third, '2 → 3-broken'), (fourth, '3-broken → 4'), (fifth, '4 → 5')]
        assert [each for each in published if 'wants' in each] == [
            f'{stage.name} {revision[:8]} tester wants web: image {change}' for revision, change in wanted
        ]
        ended = [(second, 'succeeded'), (third, 'rolled-back'), (fourth, 'superseded'), (fifth, 'succeeded')]
        assert sorted(each for each in published if 'wants' not in each) == sorted(
            f'{stage.name} {revision[:8]} {ending} web' for revision, ending in ended
        )

    on_stage(aws, story)


def scripts() -> dict[str, tuple[str, dict[str, str]]]:
    """The shell script of each CI system, and the environment that it runs in."""
    github, gitlab = (yaml.safe_load(text) for text in snippets('yaml'))
    job = github['jobs']['deploy']
    return {
        'GitHub': (job['steps'][-1]['run'], job['env']),
        'GitLab': (gitlab['deploy']['script'][0], gitlab['deploy']['variables']),
    }


@pytest.mark.parametrize(
    ('system', 'tag', 'status', 'published'),
    [('GitHub', '2', 0, '"succeeded"'), ('GitLab', '2-broken', 22, '"rolled-back"')],
)
def test_a_job_ends_as_its_rollout_does(aws: Aws, system: str, tag: str, status: int, published: str):
    script, environment = scripts()[system]

    async def story(stage: Stage) -> None:
        await roll_out(stage, state_of(web('1', **BREAKER)))
        here = script.replace('/staging/', f'/{stage.name}/').replace('wait=50', 'wait=1')
        given = environment | {'NYSA': f'{stage.origin}/api/v1', 'NYSA_TOKEN': stage.token, 'TAG': tag}
        async with running('bash', '-euo', 'pipefail', '-c', here, **given) as process:
            # It waits again where the first answer is that it still goes on.
            await Printed(process).until(lambda line: 'rollout_in_progress' in line)
            stage.act(state_of(web(tag, **BREAKER)))
            await stage.settled()
            output, _ = await process.communicate()
            assert process.returncode == status, output
            assert published in output.decode()

    on_stage(aws, story)


def test_a_job_that_is_refused_says_why(aws: Aws):
    script, _ = scripts()['GitHub']

    async def story(stage: Stage) -> None:
        given = {'NYSA': f'{stage.origin}/api/v1', 'NYSA_TOKEN': 'wrong', 'TAG': '2'}
        async with running('bash', '-euo', 'pipefail', '-c', script, **given) as process:
            output, _ = await process.communicate()
            assert process.returncode == 22
            assert 'not_authenticated' in output.decode()

    on_stage(aws, story)

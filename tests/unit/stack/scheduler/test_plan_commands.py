"""Plans and passes from the command line, against the embedded AWS."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.aws.downloads import Downloads
from stack.aws.s3 import Bucket
from stack.aws.start_facts import StartFacts
from stack.errors import InvalidRequest, InvalidStackfile, NotFound
from stack.rehearsal.rehearsal import Rehearsal
from stack.sandbox.faults import Fault
from stack.scheduler import plan_commands
from stack.scheduler.lease import Leases
from stack.scheduler.passes import Passes
from stack.state.revision_store import RevisionStore, serialise
from tests.aws import Aws
from tests.cluster import Cluster, clusters
from tests.places import InOnePlace

DOCUMENT = {'services': [{'mailer': {'image': 'team/mailer:1', 'memory': 16, 'environment': {'TOKEN': 'hunter2'}}}]}


class Shell:
    """What a person at a terminal has: a cluster, its desired state, and the commands."""

    def __init__(self, aws: Aws, cluster: Cluster):
        self.aws = aws
        self.cluster = cluster
        self.frozen = False
        bucket = Bucket(cluster.connection, aws.bucket())
        self.store = RevisionStore(bucket)
        self.leases = Leases(bucket, clock=cluster.time.clock, sleep=cluster.time.sleep)
        self.reconciler = cluster.reconciler(patience=0)
        self.passes = Passes(
            self.store, self.leases, InOnePlace(self.reconciler), self._is_frozen, plan_commands.print_progress
        )
        facts = StartFacts(cluster.paced, Downloads().of)
        rehearsal = Rehearsal(facts, cluster.paced.region)
        self.planning = plan_commands.Planning(self.passes, InOnePlace(self.reconciler), InOnePlace(rehearsal))

    async def _is_frozen(self, _: object) -> bool:
        return self.frozen

    def write(self, document: dict) -> None:
        asyncio.run(self.store.write(self.store.known(self.cluster.name), self.cluster.name, serialise(document), []))

    def plan(self, file: Path | None = None, prune: bool = False, as_json: bool = False) -> int:
        path = str(file) if file else None
        return asyncio.run(
            plan_commands.show_plan(self.planning, self.cluster.name, path, prune=prune, as_json=as_json)
        )

    def apply(self, prune: bool = False) -> int:
        return asyncio.run(plan_commands.apply(self.passes, self.cluster.name, prune, self.cluster.time.sleep))


@pytest.fixture
def shell(aws: Aws) -> Iterator[Shell]:
    with clusters(aws) as new_cluster:
        yield Shell(aws, new_cluster())


def test_a_plan_says_what_a_pass_would_do_and_does_nothing(shell: Shell, capsys: pytest.CaptureFixture):
    shell.write(DOCUMENT)
    with shell.cluster.changes() as changes:
        assert shell.plan() == 2
    assert changes == []
    output = capsys.readouterr().out
    assert 'for ' + shell.cluster.name + ': 1 service to create; 2 steps' in output
    assert '   2. Create the service mailer with 1 task  (ecs:CreateService)' in output
    assert 'hunter2' not in output


def test_nothing_to_do_has_a_status_of_its_own(shell: Shell):
    shell.write({'services': []})
    assert shell.plan() == 0


def test_as_json_it_is_one_object_with_masked_secrets(shell: Shell, capsys: pytest.CaptureFixture):
    shell.write(DOCUMENT)
    assert shell.plan(as_json=True) == 2
    output = capsys.readouterr().out
    assert [step['kind'] for step in json.loads(output)['steps']] == ['ecs:RegisterTaskDefinition', 'ecs:CreateService']
    assert 'hunter2' not in output


def test_what_would_not_start_is_part_of_the_plan(shell: Shell, capsys: pytest.CaptureFixture):
    shell.write({'services': [{'mailer': {'image': shell.aws.image('nope', '1'), 'memory': 16}}]})
    assert shell.plan() == 2
    assert '! mailer: would not start: ECR has no repository nope with the tag 1' in capsys.readouterr().out
    shell.plan(as_json=True)
    finding = json.loads(capsys.readouterr().out)['rehearsal']['findings'][0]
    assert (finding['service'], finding['path'], finding['class']) == ('mailer', 'image', 'image-pull')


def test_of_a_file_it_is_the_plan_of_that_file(shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture):
    file = tmp_path / 'stackfile.yml'
    file.write_text('services:\n  - other: {image: team/other:1}\n')
    assert shell.plan(file) == 2
    assert '+ other  create' in capsys.readouterr().out


def test_a_file_that_is_no_stackfile_is_refused(shell: Shell, tmp_path: Path):
    file = tmp_path / 'stackfile.yml'
    with pytest.raises(InvalidRequest, match='cannot be read'):
        shell.plan(file)
    file.write_text('services: 5')
    with pytest.raises(InvalidStackfile):
        shell.plan(file)


def test_a_cluster_that_is_not_managed(shell: Shell, capsys: pytest.CaptureFixture):
    with pytest.raises(NotFound):
        shell.plan()
    assert shell.apply() == 1
    assert 'is not managed here' in capsys.readouterr().out


def test_apply_says_the_plan_and_each_step_and_goes_on_until_it_is_done(shell: Shell, capsys: pytest.CaptureFixture):
    shell.write(DOCUMENT)
    assert shell.apply() == 0
    output = capsys.readouterr().out
    assert '✓ Create the service mailer with 1 task' in output
    assert output.endswith('Done.\n')
    shell.aws.advance(600)
    shell.write({'services': []})
    assert shell.apply() == 0
    assert 'Not managed, and left alone: mailer' in capsys.readouterr().out
    assert shell.apply(prune=True) == 0
    output = capsys.readouterr().out
    assert '… Wait until the tasks of mailer have stopped' in output
    assert output.endswith('Done.\n')
    assert shell.aws.client('ecs').list_services(cluster=shell.cluster.name)['serviceArns'] == []


def test_a_failure_is_printed(shell: Shell, capsys: pytest.CaptureFixture):
    shell.write(DOCUMENT)
    shell.aws.faults.add(Fault('deny', service='ecs', operation='CreateService'))
    assert shell.apply() == 1
    output = capsys.readouterr().out
    assert '✗ Create the service mailer with 1 task: AWS refused ecs:CreateService' in output
    assert 'Failed: ' in output


def test_a_frozen_cluster_is_left_alone(shell: Shell, capsys: pytest.CaptureFixture):
    shell.write(DOCUMENT)
    shell.frozen = True
    assert shell.apply() == 1
    assert 'is frozen' in capsys.readouterr().out


def test_the_plan_of_the_api_has_no_secret_and_an_estimate(shell: Shell):
    shell.write(DOCUMENT)
    shell.apply()
    changed = {'services': [{'mailer': {**DOCUMENT['services'][0]['mailer'], 'environment': {'TOKEN': 'hunter3'}}}]}
    shown = asyncio.run(plan_commands.ecs_plan(InOnePlace(shell.reconciler), shell.cluster.name, changed))
    assert shown['estimate_seconds'] > 0
    assert [step['kind'] for step in shown['steps']] == ['ecs:RegisterTaskDefinition', 'ecs:UpdateService']
    assert 'hunter' not in str(shown)
    assert (
        asyncio.run(plan_commands.ecs_plan(InOnePlace(shell.reconciler), shell.cluster.name, DOCUMENT))['steps'] == []
    )

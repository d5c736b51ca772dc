"""The accounts of PROFILE=local: which states have one and which two, and what comes back at a restart."""

from pathlib import Path

import pytest

from stack.sandbox.ecs import ManualClock
from stack.sandbox.local_aws import PRODUCTION, LocalAws, local_aws
from stack.sandbox.server import EmbeddedAws, SeededFleet

ACCOUNTS = ('686868686868', '696969696969')


def test_a_small_fleet_is_in_one_account(tmp_path: Path):
    with local_aws(tmp_path, SeededFleet.SMALL, ManualClock(), ACCOUNTS) as aws:
        assert aws.others == {}
        assert aws.home.account == ACCOUNTS[0]
        assert aws.banner() == aws.home.banner()


def test_a_state_with_one_account_keeps_it(tmp_path: Path):
    """One that an earlier version wrote has every cluster in the home account."""
    with local_aws(tmp_path, SeededFleet.SMALL, ManualClock(), ACCOUNTS):
        pass
    with local_aws(tmp_path, SeededFleet.BUSY, ManualClock(), ACCOUNTS) as aws:
        assert aws.others == {}
        clusters = aws.home.client('ecs').list_clusters()['clusterArns']
        assert {arn.rpartition('/')[2] for arn in clusters} == {'production', 'staging', 'legacy'}


def test_a_service_that_is_not_kept_is_reported_with_its_account(monkeypatch: pytest.MonkeyPatch):
    clock = ManualClock()
    with (
        EmbeddedAws.start(clock=clock, fleet=SeededFleet.NOTHING, account=ACCOUNTS[0]) as home,
        EmbeddedAws.start(clock=clock, fleet=SeededFleet.NOTHING, account=ACCOUNTS[1]) as other,
    ):
        monkeypatch.setattr(home, 'troubles', lambda: {'embedded lambda': 'Not kept.'})
        monkeypatch.setattr(other, 'troubles', lambda: {'embedded lambda': 'Not kept either.'})
        assert LocalAws(home, {PRODUCTION: other}).troubles() == {
            'embedded lambda': 'Not kept.',
            'embedded lambda in the account production': 'Not kept either.',
        }


def test_an_account_without_a_bucket_is_seeded_once(tmp_path: Path):
    seeded: list[str] = []

    def seed(aws: EmbeddedAws) -> None:
        seeded.append(aws.account)
        aws.client('ecs').create_cluster(clusterName='kept')

    for _ in range(2):
        with EmbeddedAws.start(tmp_path, clock=ManualClock(), seed=seed, account=ACCOUNTS[1]) as aws:
            (arn,) = aws.client('ecs').list_clusters()['clusterArns']
            assert arn.endswith('cluster/kept')
    assert seeded == [ACCOUNTS[1]]

"""The routing table."""

from tornado.websocket import WebSocketHandler

from handlers.access import installation, sessions, sign_in, tokens
from handlers.api import (
    accounts,
    acting,
    activity,
    adoption,
    clusters,
    config,
    freezes,
    guards,
    health,
    history,
    promotion,
    proposals,
    rollback,
    rollouts,
    runs,
    services,
    specs,
    stackfiles,
    telemetry,
    versions,
)
from handlers.base import ApiHandler
from handlers.document import documentation
from handlers.live import events

# A name in a path is percent-decoded once: it may contain anything, a slash only as %2F.
CLUSTER = r'/api/v1/clusters/([^/]+)'
SERVICE = CLUSTER + r'/services/([^/]+)'
REVISION = CLUSTER + r'/revisions/([^/]+)'

ROUTES: tuple[tuple[str, type[ApiHandler]], ...] = (
    (r'/api/v1/clusters', clusters.Clusters),
    (CLUSTER, clusters.Cluster),
    (CLUSTER + r'/restore', clusters.Restore),
    (CLUSTER + r'/adopt', adoption.Adopt),
    (CLUSTER + r'/config', config.Config),
    (CLUSTER + r'/deploy', config.Deploy),
    (CLUSTER + r'/plan', config.Plan),
    (CLUSTER + r'/freeze', guards.Freeze),
    (CLUSTER + r'/quarantine', guards.Quarantines),
    (CLUSTER + r'/rollback', rollback.Rollback),
    (CLUSTER + r'/promote', promotion.Promote),
    (CLUSTER + r'/rollout', rollouts.Rollout),
    (CLUSTER + r'/proposals', proposals.Proposals),
    (CLUSTER + r'/proposals/([^/]+)', proposals.OneProposal),
    (CLUSTER + r'/proposals/([^/]+)/approve', proposals.Approve),
    (CLUSTER + r'/proposals/([^/]+)/reject', proposals.Reject),
    (CLUSTER + r'/services', services.Services),
    (CLUSTER + r'/metrics', telemetry.ClusterMetricSeries),
    (SERVICE, services.Service),
    (SERVICE + r'/spec', specs.Spec),
    (SERVICE + r'/configuration', specs.Configuration),
    (SERVICE + r'/restart', services.Restart),
    (SERVICE + r'/tags', services.Tags),
    (SERVICE + r'/logs', telemetry.Logs),
    (SERVICE + r'/metrics', telemetry.MetricSeries),
    (SERVICE + r'/rollout/stop', acting.Stop),
    (SERVICE + r'/rollout/continue', acting.Continue),
    (SERVICE + r'/run', runs.Run),
    (SERVICE + r'/runs', runs.Runs),
    (SERVICE + r'/runs/([^/]+)', runs.OneRun),
    (SERVICE + r'/quarantine', guards.Quarantine),
    (CLUSTER + r'/revisions', history.Revisions),
    (CLUSTER + r'/audit', history.Audit),
    (REVISION, history.OneRevision),
    (REVISION + r'/diff', history.RevisionDiff),
    (r'/api/v1/ecs-clusters', adoption.EcsClusters),
    (r'/api/v1/accounts', accounts.Accounts),
    (r'/api/v1/versions', versions.Versions),
    (r'/api/v1/freezes', freezes.Freezes),
    (r'/api/v1/proposals', proposals.AllProposals),
    (r'/api/v1/activity', activity.Activity),
    (r'/api/v1/stats/deployments', activity.DeploymentStats),
    (r'/api/v1/session', sessions.CurrentSession),
    (r'/sign-in', sign_in.SignIn),
    (r'/signed-in', sign_in.SignedIn),
    (r'/api/v1/audit', installation.InstallationAudit),
    (r'/api/v1/tokens', tokens.Tokens),
    (r'/api/v1/tokens/([^/]+)', tokens.OneToken),
    (r'/api/v1/tokens/([^/]+)/rotate', tokens.Rotate),
    (r'/api/v1/stackfiles/validate', stackfiles.Validate),
    (r'/api/v1/stackfile.schema.json', stackfiles.JsonSchema),
    (r'/api/v1/openapi.json', documentation.OpenApi),
    (r'/api/docs', documentation.Page),
    (r'/api/docs/style.css', documentation.Style),
    (r'/healthz', health.Alive),
    (r'/readyz', health.Ready),
    (r'/metrics', health.Metrics),
)

# WebSockets have no operation: they have no single answer.
SOCKETS: tuple[tuple[str, type[WebSocketHandler]], ...] = ((r'/api/v1/events', events.Events),)

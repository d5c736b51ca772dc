"""The shapes of what goes in and comes out, by the names that operations declare them under.

JSON Schema 2020-12, as OpenAPI 3.1 has it, one file for each part of the API. Keys may be added to any answer, so none
is closed. An example stands with each shape: the page at /api/docs shows it, and a test holds it against the shape.
"""

from collections.abc import Mapping

from handlers.api.body import JSON_TYPE
from handlers.document.schemas import (
    access,
    acting,
    activity,
    adoption,
    clusters,
    configuration,
    documentation,
    guards,
    history,
    live_events,
    operations,
    plans,
    promotion,
    proposals,
    refusals,
    rollback,
    rollouts,
    runs,
    services,
    side_effects,
    stackfiles,
    telemetry,
    versions,
)
from handlers.document.schemas.build import Schema

YAML_TYPE = 'application/yaml'

# What is not plain JSON, by the name of its shape; the first is what is given or taken without being asked.
MEDIA_TYPES: Mapping[str, tuple[str, ...]] = {
    'Adoption': (JSON_TYPE, YAML_TYPE),
    'DeploymentStats': (JSON_TYPE, 'text/csv'),
    'DesiredState': (JSON_TYPE, YAML_TYPE),
    'Revision': (JSON_TYPE, YAML_TYPE),
    'Stackfile': (JSON_TYPE, YAML_TYPE),
    'NewCluster': (JSON_TYPE, YAML_TYPE),
    'ServiceChange': (JSON_TYPE, YAML_TYPE),
    'ServiceSpec': (JSON_TYPE, YAML_TYPE),
    'ServiceSpecPatch': (JSON_TYPE, YAML_TYPE, 'application/merge-patch+json'),
    'JsonSchema': ('application/schema+json',),
    'OpenApi': ('application/openapi+json',),
    'MetricsText': ('text/plain',),
    'Away': ('text/html',),
    'Page': ('text/html',),
    'Style': ('text/css',),
}

# What people look at, and is no part of the API.
PAGES = {'Page', 'Style', 'Away'}

SCHEMAS: dict[str, Schema] = {
    **access.SCHEMAS,
    **activity.SCHEMAS,
    **adoption.SCHEMAS,
    **clusters.SCHEMAS,
    **configuration.SCHEMAS,
    **documentation.SCHEMAS,
    **guards.SCHEMAS,
    **history.SCHEMAS,
    **live_events.SCHEMAS,
    **operations.SCHEMAS,
    **plans.SCHEMAS,
    **refusals.SCHEMAS,
    **rollouts.SCHEMAS,
    **runs.SCHEMAS,
    **services.SCHEMAS,
    **side_effects.SCHEMAS,
    **stackfiles.SCHEMAS,
    **versions.SCHEMAS,
    **promotion.SCHEMAS,
    **proposals.SCHEMAS,
    **acting.SCHEMAS,
    **rollback.SCHEMAS,
    **telemetry.SCHEMAS,
}


def component_schemas() -> dict[str, Schema]:
    """Every named shape, the stackfile's among them, sorted by name."""
    return dict(sorted({**SCHEMAS, 'Stackfile': stackfiles.stackfile_schema()}.items()))

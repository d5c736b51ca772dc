"""The sections of the API's document: the tag of each operation, with a description for the reader."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tag:
    """A section with the operations of some modules, named without their package."""

    name: str
    description: str
    modules: tuple[str, ...]


# In the order in which a reader needs them.
TAGS = (
    Tag(
        'Clusters',
        'List, read, create, adopt, remove and restore the clusters under management.',
        ('clusters', 'adoption'),
    ),
    Tag(
        'Desired state',
        'Read, validate, plan, replace and deploy the stackfile of a cluster.',
        ('config', 'stackfiles'),
    ),
    Tag(
        'Services',
        'Read one service or all, compare versions, change tags, counts and settings, restart, remove.',
        ('services', 'specs', 'versions'),
    ),
    Tag(
        'Rollouts',
        'Follow a rollout, stop or continue it, roll back to an earlier revision, promote images from another cluster.',
        ('rollouts', 'acting', 'rollback', 'promotion'),
    ),
    Tag(
        'Proposals',
        'Propose changes, and approve or reject those that wait for approval.',
        ('proposals',),
    ),
    Tag(
        'Runs',
        'Run a task now, and read the runs of a schedule with exit codes and log lines.',
        ('runs',),
    ),
    Tag(
        'Logs and metrics',
        'Read the log lines of a service, and its metrics with the rollouts as marks.',
        ('telemetry',),
    ),
    Tag(
        'History',
        'Read and compare revisions, and read the audit: who changed what, when and why.',
        ('history', 'activity'),
    ),
    Tag(
        'Guards',
        'Freeze a cluster against changes, and read or release the images in quarantine.',
        ('guards', 'freezes'),
    ),
    Tag(
        'Access',
        'Sign in and out; create, list, rotate and revoke tokens; read the audit of the installation.',
        ('sessions', 'sign_in', 'tokens', 'installation'),
    ),
    Tag(
        'Server',
        'Health, readiness, metrics, AWS accounts, and this document.',
        ('health', 'accounts', 'documentation'),
    ),
)

_TAG_OF_MODULE = {module: tag for tag in TAGS for module in tag.modules}


def tag_of(handler: type) -> Tag:
    """The tag of a handler's operations. Raises `KeyError` for a handler of a module without a tag."""
    return _TAG_OF_MODULE[handler.__module__.rpartition('.')[2]]

"""The row of a revision in a history: who, when, why, from where, and what changed, in a line."""

from typing import Any

from stack.errors import StateUnreadable
from stack.state.diff import difference, touched
from stack.state.revisions import Change, Revision

# The name of a change that is more than a new content.
WORDS = {
    'adopt': 'adopted from what runs',
    'create': 'created',
    'deploy': 'announced again',
    'freeze': 'frozen',
    'thaw': 'thawed',
    'release': 'image released from quarantine',
    'remove cluster': 'no longer managed',
    'restore': 'brought back',
    'rollback': 'rolled back',
    'stop': 'stopped',
    'promote': 'promoted',
}


# The verbs with which a history begins.
CREATIONS = frozenset({'create', 'adopt'})
CUT = 'what was before it is no longer kept'


def is_cut(row: dict[str, Any]) -> bool:
    """Whether the history began before a row that it has nothing before: older versions have expired.

    Of what another program wrote that is not known.
    """
    verbs = {change['did'].get('verb') for change in row['changes']}
    return bool(verbs) and not verbs & CREATIONS


def oldest_row(row: dict[str, Any]) -> dict[str, Any]:
    """The row of the oldest version that is left: nothing is known of what it changed."""
    if not is_cut(row):
        return row
    words = [WORDS[verb] for change in row['changes'] if (verb := change['did'].get('verb')) in WORDS]
    return {**row, 'summary': '; '.join([*dict.fromkeys(words), CUT]), 'services': []}


def revision_row(revision: Revision, before: Revision | None) -> dict[str, Any]:
    """The row of a revision that came after `before`, or was the first (None)."""
    summary, names = _difference(revision, before)
    row = {
        **revision.summary(),
        'summary': summary,
        'services': names,
        'changes': [_change(change) for change in revision.changes],
        'deleted': False,
    }
    return row if before or revision.version is None else oldest_row(row)


def deletion_row(id: str, at: str) -> dict[str, Any]:
    """The row of a deletion that another program made; S3 records no more of it."""
    return {
        'revision': id,
        'changed_at': at,
        'by': None,
        'message': None,
        'source': 'external',
        'summary': 'deleted',
        'services': [],
        'changes': [],
        'deleted': True,
    }


def _difference(revision: Revision, before: Revision | None) -> tuple[str, list[str]]:
    """What a revision changed, in a line, and the services that it changed."""
    words = list(dict.fromkeys(WORDS[change.verb] for change in revision.changes if change.verb in WORDS))
    try:
        since = difference(_document(before), revision.document)
    except StateUnreadable:
        return '; '.join([*words, 'not a desired state']), []
    if since.changed or since.settings or not words:
        words.append(since.summary())
    return '; '.join(words), sorted(touched(since.changed))


def _document(revision: Revision | None) -> Any:
    """The document of a revision to compare with; None where it is no desired state."""
    try:
        return revision.document if revision else None
    except StateUnreadable:
        return None


def _change(change: Change) -> dict[str, Any]:
    return {
        'at': change.at.isoformat(),
        'by': change.origin.by,
        'source': change.origin.source,
        'message': change.origin.message or None,
        'override': change.override,
        'did': dict(change.did),
        **({'subject': change.origin.subject} if change.origin.subject else {}),
        **({'approved': dict(change.approved)} if change.approved else {}),
        **change.effects_json(),
    }

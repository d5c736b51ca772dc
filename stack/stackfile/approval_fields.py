"""Fields of approvals: which changes of a service wait for other people, and for whom."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from voluptuous import Invalid

from stack.runtime.durations import PATTERN, read_duration
from stack.stackfile.entries import entry
from stack.stackfile.shapes import Shape, choice, list_of, refused, switch, text, whole

# As many approvals as the record of a revision has room for.
MOST_REQUIRED = 10
MOST_RULES = 20

DEPLOY, PROMOTE, TRAFFIC = 'deploy', 'promote', 'traffic'
OCCASIONS = (DEPLOY, PROMOTE, TRAFFIC)

GROUP, ROLE = 'group:', 'role:'
RULE = text(
    r'group:\S(?:.*\S)?|role:(?:deployer|admin)',
    'group:NAME of a group in NYSA_GROUPS, role:deployer or role:admin',
    at_most=200,
    example='group:platform',
)

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=14)


def _expiry(value: Any) -> str:
    found = read_duration(value) if isinstance(value, str) else None
    if found is None or not SHORTEST <= found <= LONGEST:
        raise refused(EXPIRY.description, value)
    return str(value)


EXPIRY = Shape('a duration such as 30m, 4h or 1d12h, from 5m to 14d', _expiry, {'type': 'string', 'pattern': PATTERN})


def _some(items: Shape) -> Shape:
    """A list that is not empty, and has no item twice."""

    def check(value: Any) -> tuple[Any, ...]:
        found: tuple[Any, ...] = items.check(value)
        if not found:
            raise Invalid('expected at least one item')
        if len(set(found)) < len(found):
            raise Invalid('expected each item once')
        return found

    return Shape(f'{items.description}, at least one', check, {**items.json, 'minItems': 1, 'uniqueItems': True})


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """Who approves changes, and how many of them are needed; without occasions in `when` none are."""

    required: int = entry(whole(1, MOST_REQUIRED), 'How many people must approve.', default=1)
    by: tuple[str, ...] = entry(
        _some(list_of(RULE, MOST_RULES)),
        'Who may approve: members of a group in NYSA_GROUPS, or holders of a role or a higher one.',
        default=('role:deployer',),
    )
    self: bool = entry(switch(), 'Whether the author of a change may approve it too.', default=False)
    expires: str = entry(
        EXPIRY,
        'How long a proposal can be approved.',
        default='1d',
    )
    when: tuple[str, ...] = entry(
        _some(list_of(choice(*OCCASIONS))),
        'What waits for approval: `deploy`, changes of the desired state; `promote`, promotions; `traffic`, going on '
        'after a pause of a deployment.',
        default=(DEPLOY, PROMOTE),
    )

    @property
    def lasts(self) -> timedelta:
        """How long a proposal can be approved."""
        return read_duration(self.expires) or LONGEST

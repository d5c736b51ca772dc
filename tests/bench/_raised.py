"""A process in an account with raised limits of ECS: `python -m tests.bench._raised nysa_server.py --port=0`.

The first looks at 100,000 services take hours at the published ones.
"""

import sys

import nysa_server
from stack.runtime.pacing import LIMITS
from stack.runtime.token_bucket import Limit

RAISED = Limit(burst=100_000, rate=10_000)


def raise_limits() -> None:
    """Have paces of this process that are made from now on know raised limits of ECS."""
    LIMITS.update({category: RAISED for category in LIMITS if category.startswith('ecs:')})


if __name__ == '__main__':
    raise_limits()
    sys.exit(nysa_server.main(sys.argv[2:]))

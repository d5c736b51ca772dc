"""Sizes of tasks as ECS accepts them: CPU units or vCPU, MiB or GB.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html (cpu, memory)
"""

import re
from typing import Any

SIZE = re.compile(r'\s*(\d+(\.\d+)?|\.\d+)\s*(vCPU|GB)?\s*', re.IGNORECASE)


def amount(size: Any) -> int:
    """A size in CPU units or MiB; 0 for anything else."""
    match = SIZE.fullmatch(str(size))
    return int(float(match[1]) * (1024 if match[3] else 1)) if match else 0

"""What a live tail follows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TailTopic:
    """What is followed; `task`, `container` and `text` are empty for all."""

    cluster: str
    service: str
    task: str = ''
    container: str = ''
    text: str = ''

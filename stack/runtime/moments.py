"""Moments as the API and the live channel write them, and as callers do."""

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec='milliseconds')


def read_moment(text: str) -> datetime | None:
    """A moment in ISO 8601 with its offset, in UTC; None for a text that is none, or that is out of range in UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None

"""The client that adapters call AWS with, however its calls are paced."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from stack.aws.limitations import Limitations
from stack.errors import Unavailable

# Gives the items of an answer.
Items = Callable[[dict[str, Any]], Iterable[Any]]


class AwsClient(ABC):
    """Awaited calls, by AWS's names of services and operations. All raise `AwsFailed` and what is below it."""

    @property
    @abstractmethod
    def region(self) -> str | None:
        """The region of calls that name none."""

    @property
    @abstractmethod
    def limitations(self) -> Limitations:
        """What this account, region or emulator does not offer, recorded by the adapters."""

    @abstractmethod
    async def call(self, service: str, operation: str, /, *, region: str | None = None, **arguments: Any) -> Any:
        """Make one call; its answer, a dict. `operation` is AWS's name for it, as `PutObject`."""

    async def pages(
        self,
        service: str,
        operation: str,
        items: str | Items,
        /,
        *,
        token: tuple[str, str],
        region: str | None = None,
        **arguments: Any,
    ) -> list[Any]:
        """All items of a paged call: what `items` names in its answers, or gives of each of them. `token` names the
        token in the answer, and in the next request.

        Raises `Unavailable` where a token comes twice.
        """
        rows: list[Any] = []
        seen: set[str] = set()
        while True:
            answer = await self.call(service, operation, region=region, **arguments)
            rows += answer.get(items, ()) if isinstance(items, str) else items(answer)
            following = answer.get(token[0])
            if not following:
                return rows
            if following in seen:
                name = f'{service}:{operation}'
                raise Unavailable(f'The pages of {name} lead in a circle', name, 'RepeatedToken', pending=False)
            seen.add(following)
            arguments[token[1]] = following


class ForwardingClient(AwsClient):
    """A client whose calls another one makes: it has that one's region and limitations."""

    def __init__(self, client: AwsClient):
        self._client = client

    @property
    def region(self) -> str | None:
        return self._client.region

    @property
    def limitations(self) -> Limitations:
        return self._client.limitations

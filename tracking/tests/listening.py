"""The other end of a socket, in tests: what it is sent, one after the other."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, ParamSpec, TypeVar

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter

from orders.models import Order
from tracking.live.reading import in_thread
from tracking.routing import SOCKETS

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_SECONDS: Final = 60
"""For a slow machine on a bad day."""


class Listener:
    """Not Channels' own communicator: its package wants daphne installed."""

    def __init__(self, path: str, *, headers: Mapping[str, str] | None = None) -> None:
        address, _, query = path.partition("?")
        sent = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        scope = {"type": "websocket", "path": address, "query_string": query.encode(), "headers": sent}
        self._socket: Any = ApplicationCommunicator(URLRouter(SOCKETS), scope)  # type: ignore[no-untyped-call]

    async def open(self) -> None:
        await self._socket.send_input({"type": "websocket.connect"})
        assert (await self._next())["type"] == "websocket.accept"

    async def leave(self) -> None:
        await self._socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._socket.wait(timeout=PATIENCE_SECONDS)

    async def hear(self) -> dict[str, Any]:
        output = await self._next()
        assert output["type"] == "websocket.send", output
        message: dict[str, Any] = json.loads(output["text"])
        return message

    async def hear_until(self, condition: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        heard = [await self.hear()]
        while not condition(heard[-1]):
            heard.append(await self.hear())
        return heard

    async def hears_nothing(self) -> bool:
        is_silent: bool = await self._socket.receive_nothing(timeout=0.3)
        return is_silent

    async def close_code(self) -> int:
        """Whatever is said before: a look at an early moment repeats the picture."""
        output = await self._next()
        while output["type"] == "websocket.send":
            output = await self._next()
        code: int = output["code"]
        return code

    async def _next(self) -> dict[str, Any]:
        output: dict[str, Any] = await self._socket.receive_output(timeout=PATIENCE_SECONDS)
        return output


def path_of(order: Order, *, after: int | str | None = None) -> str:
    return f"/ws/track/{order.tracking_token}/" + ("" if after is None else f"?after={after}")


@asynccontextmanager
async def listening(path: str, *, headers: Mapping[str, str] | None = None) -> AsyncIterator[Listener]:
    listener = Listener(path, headers=headers)
    await listener.open()
    try:
        yield listener
    finally:
        await listener.leave()


def told(story: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return asyncio.run(story())


async def do(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As another process would do it, with a database connection of its own."""
    return await in_thread(work, *args, **kwargs)

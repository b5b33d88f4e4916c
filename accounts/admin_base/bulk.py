"""One service call for each selected row, in a transaction of its own: what can be done is done, the rest is told."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest

from accounts.actors import Actor
from accounts.admin_base.scoped import actor_of
from api.errors import CataloguedError

SHOWN_REFUSALS: Final = 10


def each(rows: Iterable[Any], call: Callable[[Any, Actor], object], *, done: str, request: HttpRequest) -> None:
    actor, made, refused = actor_of(request), 0, []
    for row in rows:
        try:
            call(row, actor)
            made += 1
        except CataloguedError as refusal:
            refused.append(f"{row}: {refusal.detail}")
    if made:
        messages.success(request, f"{made} {done}.")
    for text in refused[:SHOWN_REFUSALS]:
        messages.error(request, text)
    if len(refused) > SHOWN_REFUSALS:
        messages.error(request, f"{len(refused) - SHOWN_REFUSALS} more were refused.")

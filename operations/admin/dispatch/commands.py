"""What dispatchers do on the board: give orders to a courier, take them back, and undo what they did last."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from django.http import HttpRequest
from django.views.decorators.http import require_POST
from rest_framework import serializers

from accounts.admin_base.scoped import actor_of, user_of
from api.parsers import StrictJSONParser
from api.serializers import StrictSerializer, shared
from couriers.refusals import in_words
from couriers.services.dispatching import Handed, Handing, hand_over
from operations.admin.dispatch.answering import in_json
from operations.admin.dispatch.undoing import handings_to_undo, undo_of

DISPATCH: Final = "dispatch"
MOST_ORDERS: Final = 200
UNDONE: Final = "Undone on the dispatch board"


class SeenOrderSerializer(StrictSerializer):
    id = serializers.UUIDField()
    version = serializers.IntegerField(min_value=1)


class OrdersSerializer(StrictSerializer):
    orders = serializers.ListField(child=SeenOrderSerializer(), min_length=1, max_length=MOST_ORDERS)


class AssignSerializer(OrdersSerializer):
    courier_id = serializers.UUIDField()


class UndoSerializer(StrictSerializer):
    undo = serializers.CharField(max_length=40_000)


@require_POST
@in_json(scope=DISPATCH)
def assign(request: HttpRequest) -> dict[str, Any]:
    body = _body(request, AssignSerializer)
    return _done(request, [_handing(seen, courier_id=body["courier_id"]) for seen in body["orders"]])


@require_POST
@in_json(scope=DISPATCH)
def take_back(request: HttpRequest) -> dict[str, Any]:
    body = _body(request, OrdersSerializer)
    return _done(request, [_handing(seen, courier_id=None) for seen in body["orders"]])


@require_POST
@in_json(scope=DISPATCH)
def undo(request: HttpRequest) -> dict[str, Any]:
    """As far as nothing has happened since: an order at another version stays as it is."""
    body = _body(request, UndoSerializer)
    user = user_of(request)
    handings = handings_to_undo(body["undo"], user_id=user.pk)
    outcomes = hand_over(handings, actor=actor_of(request), reason=UNDONE)
    return {"results": _results(outcomes, request=request), "undo": None}


def _body(request: HttpRequest, serializer: type[StrictSerializer]) -> dict[str, Any]:
    return shared(serializer).validated(StrictJSONParser().parse(BytesIO(request.body), "application/json", {}))


def _handing(seen: Mapping[str, Any], *, courier_id: Any) -> Handing:
    return Handing(order_id=seen["id"], version=seen["version"], courier_id=courier_id)


def _done(request: HttpRequest, handings: Sequence[Handing]) -> dict[str, Any]:
    outcomes = hand_over(handings, actor=actor_of(request))
    return {
        "results": _results(outcomes, request=request),
        "undo": undo_of(outcomes, user_id=user_of(request).pk),
    }


def _results(outcomes: Sequence[Handed], *, request: HttpRequest) -> list[dict[str, Any]]:
    words = in_words(outcomes, reader_id=user_of(request).pk)
    return [
        {
            "id": str(outcome.handing.order_id),
            "outcome": "refused" if outcome.refusal else "done",
            "code": outcome.refusal.code if outcome.refusal else None,
            "message": words.get(outcome.handing.order_id, ""),
            "version": outcome.version,
        }
        for outcome in outcomes
    ]

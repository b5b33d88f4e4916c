"""Open pages hear of a way that is found while they are open."""

from typing import Any

import pytest

from couriers.tests.factories import make_courier, make_picked_up
from events.services.relaying import relay
from orders.tests.factories import make_product, make_store
from tracking.live.hints import RouteFound, hint_of
from tracking.roads.finding import find_routes
from tracking.tests.listening import do, listening, path_of, told
from tracking.tests.routing_engine import AROUND, RoutingEngine

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_way_that_is_found_is_told_by_a_new_picture(engine: RoutingEngine) -> None:
    store = make_store(latitude=AROUND[0][0], longitude=AROUND[0][1])
    order = make_picked_up(courier=make_courier(), product=make_product(store)).order
    relay()

    async def story() -> list[Any]:
        async with listening(path_of(order)) as socket:
            before = await socket.hear()
            await do(find_routes)
            return [before, *await socket.hear_until(lambda message: message["data"]["way"]["road"])]

    before, *_, after = told(story)
    assert (before["kind"], before["data"]["way"]["road"]) == ("snapshot", [])
    assert (after["kind"], after["sequence"]) == ("snapshot", before["sequence"])
    assert after["data"]["way"]["road"] == [list(point) for point in AROUND]
    assert after["data"]["eta_seconds"] == pytest.approx(240 + 240, abs=30)


def test_the_hint_says_of_which_order_and_no_more() -> None:
    order = make_picked_up().order
    hint = RouteFound(order.pk)
    assert hint.as_message() == {"type": "route", "order_id": str(order.pk)}
    assert hint_of(hint.as_message()) == hint

"""An order's events carry the trace of the request that placed it, whoever goes on with it."""

import pytest

from accounts.actors import Actor
from accounts.roles import Role
from api.request_ids import current_request_id, current_trace_id, request_context
from events.models import Event
from orders.correlation import under_trace_of
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_order, make_user

pytestmark = pytest.mark.django_db


def test_a_later_request_is_named_by_its_own_id_and_found_by_the_order_s_trace() -> None:
    with request_context(request_id="placing", trace_id="order-1"):
        order = make_order()
    with request_context(request_id="cancelling", trace_id="another"):
        cancel_order(order.id, actor=Actor.of(make_user(Role.DISPATCHER)), reason="sold out")

    told = Event.objects.filter(subject_id=order.id).order_by("position")
    assert list(told.values_list("type", "request_id", "correlation_id")) == [
        ("order.created", "placing", "order-1"),
        ("order.cancelled", "cancelling", "order-1"),
        ("order.restocked", "cancelling", "order-1"),
    ]


def test_an_order_that_no_request_placed_has_a_trace_all_the_same() -> None:
    order = make_order()

    assert [event.correlation_id for event in Event.objects.filter(subject_id=order.id)] == [order.correlation_id]
    assert len(order.correlation_id) == 32


def test_one_from_before_traces_were_kept_is_told_under_the_request() -> None:
    with request_context(request_id="now", trace_id="of-now"), under_trace_of(Order()):
        assert (current_request_id(), current_trace_id()) == ("now", "of-now")

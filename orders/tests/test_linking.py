from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actors import Actor
from accounts.roles import Role
from api.errors import PreconditionFailed
from events.models import Event
from orders.errors import OrderClosed, OrderNotFound
from orders.models import Order
from orders.services.linking import renew_tracking_link
from orders.tests.factories import make_order, make_user

pytestmark = pytest.mark.django_db


def test_an_order_gets_another_link_and_its_story_says_so() -> None:
    order, dispatcher = make_order(), make_user(Role.DISPATCHER)
    before = order.tracking_token
    renewed = renew_tracking_link(order.id, actor=Actor.of(dispatcher), expected_version=order.version)
    order.refresh_from_db()
    assert order.tracking_token == renewed.tracking_token != before
    assert len(order.tracking_token) == 32
    latest = order.timeline.latest("id")
    assert (latest.what, latest.reason, latest.actor_id) == ("updated", "New tracking link", dispatcher.pk)
    event = Event.objects.latest("position")
    assert (event.type, event.data["changed"]) == ("order.updated", ["tracking_link"])
    assert order.tracking_token not in str(event.data)


def test_who_looked_at_an_older_version_changes_nothing() -> None:
    order = make_order()
    with pytest.raises(PreconditionFailed):
        renew_tracking_link(order.id, actor=Actor.system("test"), expected_version=order.version + 1)
    assert Order.objects.get().tracking_token == order.tracking_token


def test_an_order_without_personal_data_has_nothing_to_link_to() -> None:
    order = make_order()
    Order.objects.update(anonymised_at=timezone.now())
    with pytest.raises(OrderClosed):
        renew_tracking_link(order.id, actor=Actor.system("test"))
    with pytest.raises(OrderNotFound):
        renew_tracking_link(uuid4(), actor=Actor.system("test"))

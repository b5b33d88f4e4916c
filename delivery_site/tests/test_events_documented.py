"""docs/events.md names every type there is, and the data of each as it is really published."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.actors import Actor
from accounts.roles import Role
from catalog.models import StockReason
from catalog.services.stock import adjust_stock
from couriers.models import Assignment
from couriers.services.answering import decline_offer, expire_offers
from couriers.services.profiles import set_status
from couriers.services.waiting import report_waiting_orders
from couriers.states import CourierStatus, DeclineReason
from couriers.tests.factories import make_offer
from delivery_site.testing.sources import text_of
from events.batches.publishing import publish_batch
from events.envelopes import Subject
from events.errors import BatchRolledBack
from events.models import Event, EventDelivery
from events.publishing import NewEvent
from events.services.deliveries import give_up
from events.services.endpoints import ping_endpoint
from events.services.sequencing import sequence_new_events
from events.tests.webhooks import make_endpoint
from events.types import EVENT_TYPES
from events.webhooks.disabling import disable_endpoint
from operations.tests.factories import busy_day
from orders.models import Order
from orders.services.anonymising import anonymise_due_orders
from orders.services.editing import edit_order
from orders.services.requests import OrderEdit
from orders.tests.factories import make_confirmed_order, make_order, make_product, make_user
from payments.tests.test_retrying_refunds import make_failed_refund

EACH_WITH = re.compile(r"Each with (?P<fields>.*), and:$")
ROW = re.compile(r"^\| `(?P<type>[a-z_]+\.[a-z_]+)` \|.*\|(?P<fields>[^|]*)\|$")
FIELD = re.compile(r"`(?P<name>\w+)`(?P<maybe>\??)")


@dataclass(frozen=True)
class Documented:
    always: frozenset[str]
    sometimes: frozenset[str]


def documented() -> dict[str, Documented]:
    """By type. The fields that a section's types have in common stand above its table."""
    types, common = {}, ""
    for line in text_of("docs/events.md").splitlines():
        if line.startswith("#"):
            common = ""
        elif each := EACH_WITH.search(line):
            common = each["fields"]
        elif row := ROW.match(line):
            fields = list(FIELD.finditer(common + row["fields"]))
            types[row["type"]] = Documented(
                always=frozenset(field["name"] for field in fields if not field["maybe"]),
                sometimes=frozenset(field["name"] for field in fields if field["maybe"]),
            )
    return types


def live_through_everything() -> None:
    """Besides the busy day, what seldom happens."""
    busy_day()
    staff = Actor.of(make_user(Role.DISPATCHER))
    _a_product_runs_low(staff)
    _offers_lead_nowhere()
    _orders_are_changed(staff)
    _a_courier_comes_and_goes()
    make_failed_refund()
    _something_is_not_delivered()
    with pytest.raises(BatchRolledBack):
        publish_batch(lambda: [NewEvent(type="order.eaten", subject=Subject("order", make_order().id, 1))])


def _a_product_runs_low(staff: Actor) -> None:
    product = make_product(stock=10, low_stock_threshold=5)
    adjust_stock(product.id, delta=-6, reason=StockReason.COUNTED, actor=staff)


def _offers_lead_nowhere() -> None:
    declined = make_offer()
    decline_offer(declined.id, actor=Actor.of(declined.courier.user), reason=DeclineReason.TOO_FAR)
    Assignment.objects.filter(pk=make_offer().pk).update(expires_at=timezone.now())
    expire_offers()


def _orders_are_changed(staff: Actor) -> None:
    edit_order(make_order().id, edit=OrderEdit(note="Ring twice"), actor=staff, expected_version=None)
    waited = timezone.now() - timedelta(seconds=settings.COURIER_NOT_FOUND_SECONDS + 1)
    Order.objects.filter(pk=make_confirmed_order().pk).update(status_changed_at=waited)
    report_waiting_orders()
    long_ago = timezone.now() - timedelta(days=settings.ANONYMISE_AFTER_DAYS + 1)
    Order.objects.exclude(ended_at=None).update(ended_at=long_ago)
    anonymise_due_orders()


def _a_courier_comes_and_goes() -> None:
    courier = make_offer().courier
    for status in (CourierStatus.OFFLINE, CourierStatus.AVAILABLE):
        set_status(courier.id, status=status)


def _something_is_not_delivered() -> None:
    endpoint = make_endpoint()
    ping_endpoint(endpoint.id)
    sequence_new_events()
    disable_endpoint(endpoint.id, reason="gone")
    sequence_new_events()
    give_up(EventDelivery.objects.filter(endpoint=endpoint).earliest("pk"), error="HTTP 500: no")


def published() -> Iterator[tuple[str, set[str]]]:
    for event_type, data in Event.objects.values_list("type", "data"):
        yield event_type, set(data)


def test_every_type_has_its_line() -> None:
    assert set(documented()) == EVENT_TYPES


@pytest.mark.django_db
def test_every_type_is_published_with_the_data_that_the_document_names() -> None:
    live_through_everything()

    seen: dict[str, list[set[str]]] = defaultdict(list)
    for event_type, fields in published():
        seen[event_type].append(fields)
    assert EVENT_TYPES - set(seen) == set()
    shown = documented()
    assert {name: frozenset.intersection(*map(frozenset, each)) for name, each in seen.items()} == {
        name: shown[name].always for name in seen
    }
    assert {name: frozenset.union(*map(frozenset, each)) - shown[name].always for name, each in seen.items()} == {
        name: shown[name].sometimes for name in seen
    }


@pytest.mark.django_db
def test_no_event_holds_personal_data() -> None:
    live_through_everything()
    personal = ("Ada", "@example.com", "+49", "Side Street", "Kim", "Ring twice", "Out of tomatoes", "A bottle broke")
    told = [f"{event.type} {event.data}" for event in Event.objects.all()]
    assert [line for line in told if any(word in line for word in personal)] == []

"""The dashboard: who may see it, where its numbers come from, and that it stays cheap."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from accounts.tests.admin_site import signed_in
from accounts.tests.factories import make_user
from couriers.models import Courier
from couriers.states import CourierStatus
from couriers.tests.factories import make_accepted, make_courier, make_picked_up
from events.envelopes import Subject
from events.figures import first_key_of
from events.models import DeliveryState, Event
from events.publishing import publish
from events.tests.webhooks import make_endpoint, make_webhook
from events.types import EVENT_TYPES
from operations import days, state
from operations.admin.system.activity import PHRASES
from operations.days import Durations, last_days, reckoned
from orders.models import Order
from orders.states import OrderStatus
from orders.tests.factories import make_order, make_paid_order, make_product
from tracking.state import SETTLED_AFTER

pytestmark = pytest.mark.django_db

SYSTEM = "/admin/system/"
LIVE = {"part": "live"}
DAY = date(2026, 3, 14)
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def dispatcher() -> Client:
    return signed_in(make_user(Role.DISPATCHER))


def placed_at(moment: datetime) -> Order:
    """With a key of that moment, as it would have got then."""
    order = make_order()
    order.lines.all().delete()
    order.timeline.all().delete()
    key = UUID(int=first_key_of(moment).int | uuid4().int % 2**62)
    Order.objects.filter(pk=order.pk).update(id=key, created_at=moment)
    return Order.objects.get(pk=key)


def delivered(placed: datetime, *, minutes: float) -> Order:
    order = placed_at(placed)
    ended_at = placed + timedelta(minutes=minutes)
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.DELIVERED, ended_at=ended_at)
    return order


def statistics(client: Client) -> dict[str, str]:
    return {one.label: one.number for one in client.get(SYSTEM).context["statistics"]}


@pytest.mark.parametrize(
    ("role", "status"), [(Role.ADMIN, 200), (Role.DISPATCHER, 200), (Role.STORE_STAFF, 403), (Role.COURIER, 302)]
)
def test_it_is_for_those_who_may_see_everything(role: Role, status: int) -> None:
    client = signed_in(make_user(role))

    assert client.get(SYSTEM).status_code == status
    assert client.get(SYSTEM, LIVE).status_code == status


def test_its_numbers_are_those_of_the_state(dispatcher: Client) -> None:
    make_order()
    make_paid_order()
    make_accepted(courier=make_courier(status=CourierStatus.AVAILABLE, capacity=1))
    make_courier(status=CourierStatus.AVAILABLE)
    make_courier()

    told = dispatcher.get("/api/v2/state").json()
    page = dispatcher.get(SYSTEM)

    assert {one.label.lower().replace(" ", "_"): int(one.number) for one in page.context["statuses"]} == (
        told["orders_by_status"]
    )
    assert statistics(dispatcher) == {
        "Placed today": "3",
        "Delivered today": "0",
        "Active deliveries": "1",
        "Waiting for a courier": "0",
        "Late": "0",
        "Couriers online": "2",
    }
    assert page.context["statistics"][-1].told == "1 with room for more"
    assert page.context["at"].isoformat().replace("+00:00", "Z") == told["generated_at"]


def test_every_number_leads_somewhere(dispatcher: Client) -> None:
    page = dispatcher.get(SYSTEM)

    for one in (*page.context["statistics"], *page.context["statuses"]):
        assert dispatcher.get(one.url).status_code == 200


def test_the_part_that_is_asked_for_again_has_no_page_around_it(dispatcher: Client) -> None:
    part = dispatcher.get(SYSTEM, {**LIVE, "period": "week"}).text

    assert part.lstrip().startswith('<div id="content-main"')
    assert 'data-ours-again-from="?period=week&amp;part=live"' in part
    assert "<script" not in part
    assert "style=" not in part


def test_it_says_how_old_its_picture_is(dispatcher: Client) -> None:
    dispatcher.get(SYSTEM)
    kept = json.loads(cache.get("operations.state"))
    then = timezone.now() - timedelta(seconds=4)
    cache.set("operations.state", json.dumps({**kept, "generated_at": then.isoformat()}).encode(), 5)

    assert 4 <= dispatcher.get(SYSTEM).context["age_seconds"] < 5


def test_active_deliveries_stand_with_who_brings_them_and_when(dispatcher: Client) -> None:
    on_time = make_picked_up(courier=make_courier(name="Kim"))
    late = make_picked_up(courier=make_courier(name="Ana"))
    Order.objects.filter(pk=late.order_id).update(created_at=timezone.now() - timedelta(minutes=50, seconds=1))
    Courier.objects.filter(pk=late.courier_id).update(
        latitude=52.52, longitude=13.405, position_recorded_at=timezone.now() - timedelta(seconds=30)
    )

    first, second = dispatcher.get(SYSTEM).context["deliveries"]

    assert (first.order, first.courier, first.due, first.is_late) == (late.order, late.courier, "5\xa0min late", True)
    assert first.seen == "30\xa0s ago"
    assert (second.order, second.due, second.seen) == (on_time.order, "in 44\xa0min", "never")
    assert second.eta > timezone.now()


def test_lights_tell_what_is_not_well(dispatcher: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    report = {"status": "ok", "checks": {"database": {"status": "ok", "required": True}}}
    monkeypatch.setattr(state, "health_report", lambda: report)
    make_webhook(make_endpoint("https://hooks.example.com/a"), state=DeliveryState.DEAD)

    health = dispatcher.get(SYSTEM).context["health"]

    assert {light.name: light.word for light in health.parts}["Database"] == "Well"
    assert [(light.name, light.word, light.tone) for light in health.not_well] == [
        ("Webhooks to hooks.example.com", "1 dead", "bad")
    ]
    assert health.word == "Needs somebody"


@pytest.mark.parametrize(("status", "word"), [("degraded", "Degraded"), ("unavailable", "Not available")])
def test_what_readiness_says_comes_first(
    status: str, word: str, dispatcher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {"status": status, "checks": {"redis": {"status": "timeout", "required": False}}}
    monkeypatch.setattr(state, "health_report", lambda: report)

    health = dispatcher.get(SYSTEM).context["health"]

    assert (health.word, health.parts[0].name, health.parts[0].word) == (word, "Redis", "Timeout")


def test_activity_is_told_in_words(dispatcher: Client) -> None:
    order = make_picked_up(courier=make_courier(name="Kim")).order

    latest = dispatcher.get(SYSTEM).context["activity"]

    assert latest[0].text == f"{order.number} picked up by Kim"
    assert latest[0].url == f"/admin/orders/order/{order.pk}/change/"
    assert latest[-1].text == f"{order.number} placed at {order.store.name}, 5.00 EUR"


@pytest.mark.parametrize("event_type", sorted(EVENT_TYPES))
def test_every_event_has_words_and_a_page(event_type: str, dispatcher: Client) -> None:
    with transaction.atomic():
        publish(event_type, subject=Subject(event_type.split(".", maxsplit=1)[0], uuid4(), 1), data={})

    (told,) = dispatcher.get(SYSTEM).context["activity"]

    assert event_type in PHRASES
    assert "{" not in told.text
    assert dispatcher.get(told.url, follow=True).status_code == 200


def test_what_integrators_publish_is_named_and_not_quoted(dispatcher: Client) -> None:
    Event.objects.create(
        type="ext.shop.bell",
        subject_type="order",
        subject_id=uuid4(),
        subject_version=1,
        data={"order_id": "no id at all", "courier_id": 7},
    )

    (told,) = dispatcher.get(SYSTEM).context["activity"]

    assert told.text == "An integrator published ext.shop.bell"


def test_a_day_is_counted_by_hour() -> None:
    for minutes in (10, 20, 30, 40, 50):
        delivered(NOON, minutes=minutes)
    placed_at(NOON - timedelta(days=1))
    delivered(NOON - timedelta(hours=13), minutes=90)

    day = reckoned(DAY)

    assert [(hour.starts_at.hour, hour.placed) for hour in day.hours if hour.placed] == [(12, 5)]
    assert day.hours[12].durations == Durations(delivered=5, median_minutes=30, p90_minutes=50)
    assert day.hours[0].durations == Durations(delivered=1, median_minutes=90, p90_minutes=90)
    assert day.durations == Durations(delivered=6, median_minutes=30, p90_minutes=90)


def test_days_that_are_over_are_reckoned_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[date] = []

    def count(day: date) -> days.Day:
        asked.append(day)
        return reckoned(day)

    monkeypatch.setattr(days, "reckoned", count)
    monkeypatch.setattr(days, "PRESENT_KEPT_SECONDS", 0)
    just_after_midnight = datetime(2026, 3, 14, tzinfo=UTC) + SETTLED_AFTER

    for _ in range(2):
        assert [day.date.day for day in last_days(3, now=NOON)] == [12, 13, 14]
    assert asked == [date(2026, 3, 12), date(2026, 3, 13), DAY, DAY]

    cache.clear()
    asked.clear()
    for _ in range(2):
        last_days(2, now=just_after_midnight)
    assert asked == [date(2026, 3, 13), DAY] * 2


@pytest.mark.parametrize("period", ["today", "week"])
def test_charts_say_the_same_as_their_tables(period: str, dispatcher: Client) -> None:
    now = timezone.now()
    for _ in range(3):
        Order.objects.filter(pk=make_order().pk).update(
            status=OrderStatus.DELIVERED, ended_at=now, created_at=now - timedelta(minutes=25)
        )

    page = dispatcher.get(SYSTEM, {"period": period})

    history: Any = page.context["history"]
    bars = [one.bar.value for one in history.orders.chart.rectangles]
    assert (sum(bars), len(bars)) == (3, 24 if period == "today" else 168)
    in_table = [cell for row in history.orders.table.rows for cell in row[1:]]
    assert in_table.count("3") == (1 if period == "today" else 2)
    assert history.times.table.rows[-1][1:] == ("3", "25.0", "25.0")
    assert 'role="img"' in page.text


def test_it_asks_no_more_for_much_than_for_little(dispatcher: Client) -> None:
    def queries() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as asked:
            assert dispatcher.get(SYSTEM, {"period": "week"}).status_code == 200
        return len(asked)

    make_picked_up()
    make_product(stock=0, low_stock_threshold=1)
    queries()
    few = queries()
    for _ in range(12):
        make_picked_up()

    assert queries() == few
    assert few <= 45


def test_nothing_is_counted_again_within_seconds(dispatcher: Client) -> None:
    """What is read each time: the session, the user, late orders, deliveries, and the activity's words."""
    make_picked_up()
    dispatcher.get(SYSTEM)

    with CaptureQueriesContext(connection) as asked:
        dispatcher.get(SYSTEM, LIVE)

    assert len(asked) <= 10

"""Waiting orders are offered to the couriers they fit best, and it is kept why."""

import subprocess
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat
from django.conf import settings as site_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from catalog.models import Store
from couriers.matching.plan import Plan
from couriers.matching.situation import Situation
from couriers.models import Assignment, Courier, MatchingDecision
from couriers.services.answering import decline_offer, expire_offers
from couriers.services.assigning import unassign_order
from couriers.services.matching import match_waiting
from couriers.services.retention import purge_decisions
from couriers.states import DeclineReason
from couriers.tests.conftest import Caller, refusal, selects, snapshot
from couriers.tests.factories import accept, actor_of, make_accepted, make_courier, make_free_courier, offer, staff
from events.models import Event
from orders.models import Order
from orders.tests.factories import make_confirmed_order, make_order, make_product, make_ready_order, make_store

pytestmark = pytest.mark.django_db

METRES_PER_DEGREE = 111_195


@pytest.fixture
def store() -> Store:
    return make_store(offers_automatically=True)


def near(store: Store, *, metres: float, seconds_ago: float = 0, **fields: Any) -> Courier:
    """Free, and so far north of the store."""
    place = {"latitude": store.latitude + metres / METRES_PER_DEGREE, "longitude": store.longitude}
    seen = {"position_recorded_at": timezone.now() - timedelta(seconds=seconds_ago)}
    return make_free_courier(**{**place, **seen, **fields})


def waiting(store: Store, **fields: Any) -> Order:
    return make_ready_order(product=make_product(store), **fields)


def asked(order: Order) -> list[Courier]:
    offers = Assignment.objects.offered().filter(order=order).select_related("courier").order_by("id")
    return [one.courier for one in offers]


def decline(order: Order) -> None:
    offered = Assignment.objects.offered().get(order=order)
    decline_offer(offered.id, actor=actor_of(offered.courier), reason=DeclineReason.TOO_FAR)


def let_pass(order: Order) -> None:
    Assignment.objects.offered().filter(order=order).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_offers() == 1


def told_that_nobody_comes() -> list[UUID]:
    return list(Event.objects.filter(type="order.courier_not_found").values_list("subject_id", flat=True))


def test_the_nearest_free_courier_is_asked_by_itself(store: Store) -> None:
    order = waiting(store)
    near(store, metres=900)
    ana = near(store, metres=200)

    assert match_waiting() == 1

    offered = Assignment.objects.get()
    assert (offered.status, offered.courier_id, offered.offered_by_id) == ("offered", ana.id, None)
    assert offered.offered_at is not None
    assert offered.expires_at is not None
    assert abs(offered.expires_at - offered.offered_at - timedelta(seconds=60)) < timedelta(seconds=1)
    assert Order.objects.get(pk=order.pk).status == "confirmed"


def test_several_orders_go_to_several_couriers_in_one_go(store: Store) -> None:
    orders = [waiting(store) for _ in range(3)]
    couriers = {near(store, metres=100 * number).id for number in range(1, 4)}
    assert match_waiting() == 3
    assert {asked(order)[0].id for order in orders} == couriers


def test_an_order_somebody_is_asked_about_is_left_alone(store: Store) -> None:
    waiting(store)
    near(store, metres=100)
    near(store, metres=200)
    assert [match_waiting(), match_waiting()] == [1, 0]
    assert Assignment.objects.count() == 1


def test_only_stores_that_want_it_have_their_orders_offered(store: Store) -> None:
    make_confirmed_order()
    make_order(product=make_product(store))
    near(store, metres=100)
    before = snapshot()
    assert match_waiting() == 0
    assert snapshot() == before


def test_who_declines_is_followed_by_the_next_and_not_asked_again(store: Store) -> None:
    order, first, second = waiting(store), near(store, metres=100), near(store, metres=200)
    match_waiting()
    assert asked(order) == [first]

    decline(order)
    match_waiting()
    assert asked(order) == [second]

    decline(order)
    assert match_waiting() == 0
    assert asked(order) == []


def test_who_let_it_pass_is_asked_again_after_a_while(store: Store, settings: Any) -> None:
    order, only = waiting(store), near(store, metres=100)
    match_waiting()
    let_pass(order)
    assert match_waiting() == 0
    settings.OFFER_AGAIN_SECONDS = 0
    assert match_waiting() == 1
    assert asked(order) == [only]


def test_who_gave_an_order_back_is_not_offered_it_again(store: Store) -> None:
    order, first, second = waiting(store), near(store, metres=100), near(store, metres=200)
    accept(order, courier=first)
    unassign_order(order.id, actor=Actor.of(staff()))
    match_waiting()
    assert asked(order) == [second]


def test_staff_are_told_once_that_everybody_has_refused(store: Store) -> None:
    order = waiting(store)
    near(store, metres=100)
    near(store, metres=100, status="offline")
    match_waiting()
    decline(order)
    assert told_that_nobody_comes() == []
    for _ in range(2):
        match_waiting()
    assert told_that_nobody_comes() == [order.id]


def test_staff_are_not_told_while_somebody_may_still_become_free(store: Store) -> None:
    order, busy = waiting(store), near(store, metres=50)
    make_accepted(courier=busy)
    near(store, metres=100)
    match_waiting()
    decline(order)
    match_waiting()
    assert told_that_nobody_comes() == []


def test_nobody_is_asked_about_more_orders_than_they_could_take(store: Store) -> None:
    near(store, metres=100, capacity=2)
    for _ in range(3):
        waiting(store)
    assert [match_waiting(), match_waiting()] == [2, 0]
    assert Assignment.objects.offered().count() == 2


def test_who_cannot_be_asked_is_not_and_it_is_kept_why(store: Store) -> None:
    order = waiting(store)
    ana = near(store, metres=100)
    full = near(store, metres=150)
    make_accepted(courier=full)
    offline = near(store, metres=200, status="offline")
    foreign = near(store, metres=250, stores=(make_store(),))
    silent = near(store, metres=300, seconds_ago=4_000)
    near(store, metres=10, is_active=False)
    gone = near(store, metres=20)
    User.objects.filter(pk=gone.pk).update(is_active=False)

    match_waiting()

    assert asked(order) == [ana]
    kept = MatchingDecision.objects.get(order=order)
    assert Assignment.objects.offered().get(order=order).decision == kept
    assert (kept.outcome, kept.courier_id, kept.decided_by) == ("proposed", ana.id, "cadence")
    assert [(one["courier_id"], one["distance_m"]) for one in kept.candidates] == [(str(ana.id), 100)]
    assert {one["courier_id"]: one["reason"] for one in kept.excluded} == {
        str(full.id): "at_capacity", str(offline.id): "offline", str(foreign.id): "other_store",
        str(silent.id): "silent",
    }  # fmt: skip


def test_it_is_kept_once_why_nobody_is_asked_until_the_reasons_change(store: Store) -> None:
    order, courier = waiting(store), near(store, metres=100, status="offline")
    for _ in range(3):
        assert match_waiting() == 0
    (kept,) = MatchingDecision.objects.all()
    assert (kept.order_id, kept.outcome, kept.exclusion_counts) == (order.id, "nobody", {"offline": 1})

    Courier.objects.filter(pk=courier.pk).update(status="available", active_orders=1)
    match_waiting()
    (again,) = MatchingDecision.objects.all()
    assert (again.pk, again.exclusion_counts) == (kept.pk, {"at_capacity": 1})
    assert again.decided_at > kept.decided_at


def test_a_ride_in_hand_counts_when_the_next_order_is_given(store: Store) -> None:
    """The one who is nearer has to go to the other side of town first."""
    busy, free = near(store, metres=50, capacity=2), near(store, metres=900)
    far = make_store(latitude=store.latitude + 0.08, longitude=store.longitude)
    make_accepted(courier=busy, product=make_product(far))
    order = waiting(store)
    match_waiting()
    assert asked(order) == [free]


def test_the_engine_is_the_one_that_the_setting_names(store: Store, settings: Any) -> None:
    settings.MATCHING_ENGINE = f"{__name__}.engine_that_proposes_nothing"
    waiting(store)
    near(store, metres=100)
    assert match_waiting() == 0
    assert MatchingDecision.objects.count() == 0


def engine_that_proposes_nothing(situation: Situation) -> Plan:
    assert len(situation.orders) == len(situation.couriers) == 1
    return Plan(proposals=(), explanations=())


def test_dispatch_asks_the_best_one(dispatcher: Caller) -> None:
    """In a store that does not offer by itself, long before the order is ready."""
    store = make_store(preparation_minutes=90)
    order = make_confirmed_order(product=make_product(store))
    near(store, metres=900)
    ana = near(store, metres=200)

    response = dispatcher.post(f"orders/{order.id}/offer", {"expires_in_seconds": 120})

    assert response.status_code == 200
    assert [one["courier_id"] for one in response.json()["offers"]] == [str(ana.id)]
    kept = MatchingDecision.objects.get()
    assert (kept.decided_by, kept.courier_id, kept.candidate_count) == ("dispatch", ana.id, 2)
    assert Assignment.objects.get().offered_by_id == dispatcher.user.id


def test_dispatch_is_told_that_nobody_is_free(dispatcher: Caller) -> None:
    order = make_confirmed_order()
    make_courier()
    before = snapshot()
    response = dispatcher.post(f"orders/{order.id}/offer")
    assert refusal(response) == (409, "no_courier_free")
    assert response.json()["excluded"] == {"offline": 1}
    assert snapshot() == before
    assert MatchingDecision.objects.count() == 0


def test_why_not_ana_has_an_answer(dispatcher: Caller, store: Store) -> None:
    order, kim, ana = waiting(store), near(store, metres=200), near(store, metres=100, name="Ana")
    make_accepted(courier=ana)
    match_waiting()

    shown = dispatcher.get(f"orders/{order.id}/matching").json()

    (decision,) = shown["decisions"]
    assert (decision["outcome"], decision["courier_id"]) == ("proposed", str(kim.id))
    assert decision["engine"] == "couriers.matching.together.match"
    (candidate,) = decision["candidates"]
    assert (candidate["name"], candidate["distance_m"], candidate["stops"]) == ("Kim", 200, 0)
    assert candidate["door_seconds"] > candidate["travel_seconds"] > 0
    assert decision["excluded"] == [
        {"courier_id": str(ana.id), "name": "Ana", "reason": "at_capacity", "distance_m": 100}
    ]


def test_what_the_engine_would_say_now_is_shown_for_an_order_that_waits(dispatcher: Caller) -> None:
    order, courier = make_confirmed_order(), make_free_courier()
    shown = dispatcher.get(f"orders/{order.id}/matching").json()
    assert (shown["order_id"], shown["decisions"]) == (str(order.id), [])
    assert shown["suggestion"]["courier_id"] == str(courier.id)
    assert shown["suggestion"]["candidates"][0]["distance_m"] is None
    assert MatchingDecision.objects.count() == 0
    accept(order, courier=courier)
    assert dispatcher.get(f"orders/{order.id}/matching").json()["suggestion"] is None


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.COURIER, Role.CUSTOMER])
def test_who_was_considered_is_for_dispatch_alone(role: Role) -> None:
    order = make_confirmed_order()
    assert refusal(Caller(staff(role)).get(f"orders/{order.id}/matching")) == (403, "insufficient_scope")


def test_a_plan_costs_the_same_number_of_statements_however_much_there_is(store: Store) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            match_waiting()
        return selects(queries)

    waiting(store)
    near(store, metres=100, status="offline")
    match_waiting()
    few = cost()
    for number in range(5):
        near(store, metres=100, status="offline", stores=(make_store(),))
        make_accepted(courier=near(store, metres=number, status="offline", capacity=2))
    match_waiting()
    assert cost() == few


def test_decisions_are_forgotten_after_a_while_and_assignments_stay(store: Store) -> None:
    waiting(store)
    near(store, metres=100)
    match_waiting()
    kept = MatchingDecision.objects.get()
    assert purge_decisions() == 0

    long_ago = timezone.now() - timedelta(days=31)
    aged = uuid_utils.compat.uuid7(nanoseconds=int(long_ago.timestamp() * 1_000_000_000))
    Assignment.objects.update(decision=None)
    MatchingDecision.objects.filter(pk=kept.pk).update(id=aged, created_at=long_ago)
    Assignment.objects.update(decision=aged)

    assert purge_decisions() == 1
    assert Assignment.objects.get().decision is None


def test_what_engines_need_is_not_loaded_at_the_start() -> None:
    """It weighs more than all the rest."""
    code = "import django; django.setup(); import couriers.tasks, sys; print({'numpy', 'scipy'} & sys.modules.keys())"
    environment = {"DJANGO_SETTINGS_MODULE": "delivery_site.settings", "VAR_DIR": str(site_settings.VAR_DIR)}
    finished = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=site_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert finished.stdout.strip() == "set()", finished.stderr


def test_an_offer_by_hand_keeps_no_decision() -> None:
    order, courier = make_confirmed_order(), make_free_courier()
    offer(order, courier)
    assert Assignment.objects.get().decision is None

"""Orders are offered to couriers, who accept, decline, or let the deadline pass."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.actors import Actor
from accounts.models import User
from accounts.roles import Role
from catalog.models import Store
from couriers.models import Assignment, Courier
from couriers.services.answering import expire_offers
from couriers.services.profiles import set_status
from couriers.states import CourierStatus
from couriers.tests.conftest import Caller, refusal, snapshot
from couriers.tests.factories import make_accepted, make_courier, make_free_courier, make_offer, offer, staff
from events.models import Event
from events.services.relaying import relay
from orders.models import Order
from orders.services.cancelling import cancel_order
from orders.tests.factories import make_confirmed_order, make_order, make_product, make_store

pytestmark = pytest.mark.django_db


def ask(dispatcher: Caller, order: Order, *couriers: Courier, **body: Any) -> Any:
    return dispatcher.post(f"orders/{order.id}/offer", {"courier_ids": [str(one.id) for one in couriers], **body})


def answer(offered: Assignment, what: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
    return Caller(offered.courier.user).post(f"assignments/{offered.id}/{what}", body, **headers)


def overdue(offered: Assignment) -> Assignment:
    Assignment.objects.filter(pk=offered.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    offered.refresh_from_db()
    return offered


def told(what: str) -> list[dict[str, Any]]:
    return list(Event.objects.filter(type=f"assignment.{what}").order_by("position").values_list("data", flat=True))


def closed_store() -> Store:
    return make_store(open_pool=False)


def test_an_order_is_offered_to_several_couriers(dispatcher: Caller) -> None:
    order, couriers = make_confirmed_order(), [make_free_courier(), make_free_courier()]
    version = order.version

    response = ask(dispatcher, order, *couriers, expires_in_seconds=90)

    assert response.status_code == 200
    offers = response.json()["offers"]
    assert [(one["courier_id"], one["status"], one["version"]) for one in offers] == [
        (str(courier.id), "offered", 1) for courier in couriers
    ]
    order.refresh_from_db()
    assert (order.status, order.version, order.courier_id) == ("confirmed", version, None)
    first = Assignment.objects.get(pk=offers[0]["id"])
    assert first.offered_at is not None
    assert first.expires_at == first.offered_at + timedelta(seconds=90)
    assert first.offered_by_id == dispatcher.user.id
    assert Event.objects.get(subject_id=first.id).correlation_id == order.correlation_id
    assert told("offered")[0] == {
        "order_id": str(order.id),
        "courier_id": str(couriers[0].id),
        "status": "offered",
        "expires_at": first.expires_at.isoformat(),
    }


def test_an_offer_is_open_as_long_as_the_setting_says(dispatcher: Caller, settings: Any) -> None:
    settings.OFFER_SECONDS = 33
    ask(dispatcher, make_confirmed_order(), make_free_courier())
    offered = Assignment.objects.get()
    assert offered.offered_at is not None
    assert offered.expires_at == offered.offered_at + timedelta(seconds=33)


def test_an_offer_takes_up_no_capacity(dispatcher: Caller) -> None:
    courier = make_free_courier(capacity=1)
    for _ in range(2):
        assert ask(dispatcher, make_confirmed_order(), courier).status_code == 200
    courier.refresh_from_db()
    assert (courier.active_orders, courier.availability) == (0, "available")


def test_who_has_been_asked_keeps_their_offer(dispatcher: Caller) -> None:
    offered = make_offer()
    other = make_free_courier()

    response = ask(dispatcher, offered.order, other, offered.courier)

    assert [one["courier_id"] for one in response.json()["offers"]] == [str(other.id), str(offered.courier_id)]
    assert response.json()["offers"][1]["id"] == str(offered.id)
    assert Assignment.objects.count() == 2


def test_who_let_the_deadline_pass_may_be_asked_again_before_the_job_has_noticed(dispatcher: Caller) -> None:
    offered = overdue(make_offer())
    again = ask(dispatcher, offered.order, offered.courier).json()["offers"][0]
    offered.refresh_from_db()
    assert (offered.status, offered.expiry_reason) == ("expired", "deadline")
    assert (again["status"], again["id"] == str(offered.id)) == ("offered", False)


def test_nobody_is_asked_when_one_of_them_cannot(dispatcher: Caller) -> None:
    order = make_confirmed_order()
    full = make_free_courier()
    make_accepted(courier=full)
    lost = make_free_courier()
    User.objects.filter(pk=lost.pk).update(is_active=False)
    couriers = [
        make_free_courier(), make_courier(), full, make_free_courier(stores=(make_store(),)),
        make_free_courier(is_active=False), lost,
    ]  # fmt: skip
    before = snapshot()

    response = ask(dispatcher, order, *couriers)

    assert refusal(response) == (409, "courier_unavailable")
    assert [(one["pointer"], one["code"]) for one in response.json()["errors"]] == [
        ("/courier_ids/1", "courier_offline"),
        ("/courier_ids/2", "courier_at_capacity"),
        ("/courier_ids/3", "courier_not_of_store"),
        ("/courier_ids/4", "courier_inactive"),
        ("/courier_ids/5", "courier_inactive"),
    ]
    assert snapshot() == before


def test_an_order_that_waits_for_no_courier_is_not_offered(dispatcher: Caller) -> None:
    courier = make_free_courier()
    for order in (make_order(), make_accepted().order):
        before = snapshot()
        assert refusal(ask(dispatcher, order, courier)) == (409, "transition_not_allowed")
        assert snapshot() == before


def test_unknown_couriers_and_bad_terms_are_refused(dispatcher: Caller) -> None:
    order, courier = make_confirmed_order(), make_free_courier()
    before = snapshot()
    unknown = dispatcher.post(f"orders/{order.id}/offer", {"courier_ids": [str(uuid4())]})
    assert refusal(unknown) == (404, "courier_not_found")
    assert refusal(dispatcher.post(f"orders/{order.id}/offer", {"courier_ids": []})) == (400, "invalid_request")
    assert refusal(ask(dispatcher, order, courier, expires_in_seconds=1)) == (400, "invalid_request")
    assert refusal(ask(Caller(courier.user), order, courier)) == (403, "insufficient_scope")
    assert snapshot() == before


def test_a_courier_sees_what_is_offered_to_them_with_where_it_goes() -> None:
    courier = make_free_courier()
    offered = make_offer(courier=courier)
    overdue(make_offer(courier=courier))
    make_offer()
    cancelled = make_offer(courier=courier)
    cancel_order(cancelled.order_id, actor=Actor.of(staff()), reason="Out of bread")

    (shown,) = Caller(courier.user).get("couriers/me/offers").json()["results"]

    store = offered.order.store
    assert (shown["id"], shown["status"], shown["expires_at"] is None) == (str(offered.id), "offered", False)
    assert shown["pickup"] == {
        "name": store.name, "address": store.address, "latitude": store.latitude, "longitude": store.longitude,
    }  # fmt: skip
    assert shown["dropoff"] == {"address": "2 Side Street", "latitude": 52.5205, "longitude": 13.41}
    assert "contact" not in shown


def test_accepting_turns_the_offer_into_the_assignment() -> None:
    offered = make_offer()

    response = answer(offered, "accept")

    assert (response.status_code, response["ETag"]) == (200, '"2"')
    shown = response.json()
    assert (shown["id"], shown["status"], shown["version"]) == (str(offered.id), "accepted", 2)
    order, courier = Order.objects.get(), Courier.objects.get()
    assert (order.status, order.courier_id, courier.active_orders) == ("assigned", courier.id, 1)
    assert Assignment.objects.get().assigned_by_id is None


def test_accepting_an_offer_again_answers_as_the_first_time_did() -> None:
    offered = make_offer()
    first = answer(offered, "accept")
    before = snapshot()
    assert answer(offered, "accept").json() == first.json()
    assert snapshot() == before


def test_when_one_has_accepted_the_others_are_told_that_it_is_over() -> None:
    order, couriers = make_confirmed_order(), [make_free_courier() for _ in range(3)]
    first, second, third = offer(order, *couriers)

    assert answer(second, "accept").status_code == 200

    by_courier = dict(Assignment.objects.values_list("courier_id", "status"))
    assert [by_courier[courier.id] for courier in couriers] == ["expired", "accepted", "expired"]
    assert [(one["courier_id"], one["reason"]) for one in told("expired")] == [
        (str(first.courier_id), "taken"),
        (str(third.courier_id), "taken"),
    ]
    assert refusal(answer(first, "accept")) == (409, "order_already_assigned")
    assert Caller(third.courier.user).get("couriers/me/offers").json()["results"] == []


def test_accepting_the_order_itself_uses_the_offer() -> None:
    offered = make_offer()
    response = Caller(offered.courier.user).post(f"orders/{offered.order_id}/accept")
    assert (response.json()["id"], response.json()["status"]) == (str(offered.id), "accepted")


def test_a_courier_of_the_open_pool_may_be_quicker_than_who_was_asked() -> None:
    offered = make_offer()
    assert Caller(make_courier().user).post(f"orders/{offered.order_id}/accept").status_code == 200
    offered.refresh_from_db()
    assert (offered.status, offered.expiry_reason, offered.version) == ("expired", "taken", 2)


def test_an_order_that_others_were_asked_about_too_can_be_taken_back(dispatcher: Caller) -> None:
    order, couriers = make_confirmed_order(), [make_free_courier(), make_free_courier()]
    first, _ = offer(order, *couriers)
    answer(first, "accept")
    for _ in range(2):
        response = dispatcher.post(f"orders/{order.id}/unassign")
        assert (response.status_code, response.json()["id"]) == (200, str(first.id))
        offer(order, couriers[1])
    first.refresh_from_db()
    assert first.status == "released"
    assert Courier.objects.get(pk=couriers[0].pk).active_orders == 0


def test_staff_who_assign_an_offered_order_end_its_offers(dispatcher: Caller) -> None:
    order, asked, chosen = make_confirmed_order(), make_free_courier(), make_free_courier()
    offer(order, asked, chosen)
    dispatcher.post(f"orders/{order.id}/assign", {"courier_id": str(chosen.id)})
    by_courier = dict(Assignment.objects.values_list("courier_id", "status"))
    assert by_courier == {asked.id: "expired", chosen.id: "accepted"}
    assert Assignment.objects.active().get().assigned_by_id == dispatcher.user.id


def test_after_the_deadline_nothing_can_be_accepted_even_before_the_job_has_noticed() -> None:
    offered = overdue(make_offer())
    before = snapshot()
    response = answer(offered, "accept")
    assert refusal(response) == (409, "offer_not_open")
    assert response.json()["assignment_status"] == "offered"
    assert snapshot() == before


def test_a_full_courier_cannot_accept_and_the_offer_stays_open() -> None:
    courier = make_free_courier(capacity=1)
    offered = make_offer(courier=courier)
    make_accepted(courier=courier)
    before = snapshot()
    assert refusal(answer(offered, "accept")) == (409, "courier_at_capacity")
    assert snapshot() == before


def test_somebody_elses_offer_is_not_found() -> None:
    offered, other = make_offer(), make_free_courier()
    before = snapshot()
    for what in ("accept", "decline"):
        assert refusal(Caller(other.user).post(f"assignments/{offered.id}/{what}")) == (404, "assignment_not_found")
    assert snapshot() == before


def test_a_courier_declines_with_a_reason() -> None:
    offered = make_offer()

    response = answer(offered, "decline", {"reason": "too_far", "note": "Other side of town"})

    assert (response.status_code, response.json()["status"], response.json()["decline_reason"]) == (
        200,
        "declined",
        "too_far",
    )
    offered.refresh_from_db()
    assert (offered.note, offered.version, offered.ended_at is None) == ("Other side of town", 2, False)
    (data,) = told("declined")
    assert (data["status"], data["reason"], "note" in data) == ("declined", "too_far", False)
    assert Order.objects.get().status == "confirmed"


def test_declining_again_changes_nothing_and_accepting_after_it_is_refused() -> None:
    offered = make_offer()
    answer(offered, "decline")
    before = snapshot()
    assert answer(offered, "decline").json()["decline_reason"] == "other"
    assert refusal(answer(offered, "accept")) == (409, "offer_not_open")
    assert snapshot() == before


def test_what_was_accepted_cannot_be_declined() -> None:
    offered = make_offer()
    answer(offered, "accept")
    before = snapshot()
    assert refusal(answer(offered, "decline")) == (409, "offer_not_open")
    assert snapshot() == before


def test_if_match_names_the_version_of_the_offer() -> None:
    offered = make_offer()
    before = snapshot()
    for what in ("accept", "decline"):
        assert refusal(answer(offered, what, if_match='"2"')) == (412, "precondition_failed")
    assert snapshot() == before
    assert answer(offered, "accept", if_match='"1"').status_code == 200


def test_the_job_ends_the_offers_whose_deadline_has_passed() -> None:
    order = make_confirmed_order()
    late, open_one = offer(order, make_free_courier(), make_free_courier())
    overdue(late)

    assert expire_offers() == 1

    late.refresh_from_db()
    open_one.refresh_from_db()
    assert (late.status, late.expiry_reason, open_one.status) == ("expired", "deadline", "offered")
    assert [one["reason"] for one in told("expired")] == ["deadline"]
    assert expire_offers() == 0


def test_the_job_ends_the_offers_of_who_has_gone_offline() -> None:
    order, leaving, staying = make_confirmed_order(), make_free_courier(), make_free_courier()
    left, open_one = offer(order, leaving, staying)
    set_status(leaving.id, status=CourierStatus.OFFLINE)

    assert expire_offers() == 1

    left.refresh_from_db()
    open_one.refresh_from_db()
    assert (left.status, left.expiry_reason, open_one.status) == ("expired", "courier_offline", "offered")
    assert [one["reason"] for one in told("expired")] == ["courier_offline"]
    assert expire_offers() == 0


def test_cancelling_an_order_takes_its_offers_back() -> None:
    offered = make_offer()
    cancel_order(offered.order_id, actor=Actor.of(staff()), reason="Out of bread")
    assert answer(offered, "accept").status_code == 409
    relay()
    offered.refresh_from_db()
    assert (offered.status, offered.expiry_reason) == ("expired", "order_cancelled")


def test_orders_outside_the_open_pool_are_only_for_whom_they_are_offered_to() -> None:
    order = make_confirmed_order(product=make_product(closed_store()))
    courier = make_free_courier()
    before = snapshot()
    assert refusal(Caller(courier.user).post(f"orders/{order.id}/accept")) == (409, "order_not_offered")
    assert Caller(courier.user).get("orders").json()["results"] == []
    assert snapshot() == before

    offer(order, courier)

    assert Caller(courier.user).post(f"orders/{order.id}/accept").status_code == 200
    assert Caller(courier.user).get(f"orders/{order.id}").status_code == 200


def test_an_overdue_offer_opens_no_order_outside_the_pool() -> None:
    offered = overdue(make_offer(product=make_product(closed_store())))
    before = snapshot()
    response = Caller(offered.courier.user).post(f"orders/{offered.order_id}/accept")
    assert refusal(response) == (409, "order_not_offered")
    assert snapshot() == before


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.ADMIN])
def test_staff_may_answer_in_the_couriers_place(role: Role) -> None:
    offered, user = make_offer(), staff(role)
    assert Caller(user).post(f"assignments/{offered.id}/accept").status_code == 200
    assert Assignment.objects.get().assigned_by_id == user.id

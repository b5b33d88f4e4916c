"""The feed: everything that somebody may see, in order, from wherever they left off."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from accounts import reach
from accounts.models import User
from accounts.roles import Role
from accounts.tests.factories import JsonClient, client_of, make_user
from events import feed
from events.audience import Audience
from events.envelopes import Envelope, Subject
from events.errors import EventsExpired
from events.feed import read_on
from events.models import Event, SequenceCounter
from events.publishing import publish
from events.services.sequencing import sequence_new_events

pytestmark = pytest.mark.django_db

FEED = "/api/v2/events"
Join = Callable[[User, UUID], None]


@pytest.fixture
def join(monkeypatch: pytest.MonkeyPatch) -> Join:
    """Stores are kept by an app above; here somebody just belongs to one."""
    members: dict[UUID, frozenset[UUID]] = {}
    monkeypatch.setattr(reach, "_answers", [lambda user_ids: members])

    def join_store(user: User, store_id: UUID) -> None:
        members[user.pk] = members.get(user.pk, frozenset()) | {store_id}

    return join_store


@pytest.fixture
def admin() -> JsonClient:
    return client_of(make_user(Role.ADMIN))


def published(event_type: str = "order.created", *, subject: Subject | None = None, **fields: Any) -> Event:
    with transaction.atomic():
        event = publish(event_type, subject=subject or Subject("order", uuid4(), 1), **fields)
    sequence_new_events()
    event.refresh_from_db()
    return event


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [event["id"] for event in answer.json()["results"]]


def names(answer: Any) -> list[tuple[str, str | None]]:
    return [(problem["code"], problem.get("parameter")) for problem in answer.json()["errors"]]


def test_events_come_in_order_in_the_one_shape(admin: JsonClient) -> None:
    first = published(data={"total": "12.50"}, store_id=uuid4())
    second = published("order.paid")

    answer = admin.get(FEED)

    assert answer.json() == {
        "results": [Envelope.of(first).as_json(), Envelope.of(second).as_json()],
        "next": None,
        "previous": None,
        "after": 2,
        "last": 2,
    }
    assert list(answer.json()["results"][0]) == [
        "id", "type", "occurred_at", "sequence", "subject", "store_id", "correlation_id", "data",
    ]  # fmt: skip


def test_an_empty_feed_is_at_its_end(admin: JsonClient) -> None:
    assert admin.get(FEED).json() == {"results": [], "next": None, "previous": None, "after": 0, "last": 0}


def test_an_event_without_its_place_in_the_sequence_is_not_shown_yet(admin: JsonClient) -> None:
    with transaction.atomic():
        publish("order.created", subject=Subject("order", uuid4(), 1))
    assert (ids(admin.get(FEED)), admin.get(FEED).json()["last"]) == ([], 0)


def test_pages_follow_each_other_to_the_end(admin: JsonClient) -> None:
    events = [str(published().event_id) for _ in range(5)]
    pages = [admin.get(f"{FEED}?limit=2")]
    while address := pages[-1].json()["next"]:
        pages.append(admin.get(address))
    assert [ids(page) for page in pages] == [events[:2], events[2:4], events[4:]]
    assert [page.json()["after"] for page in pages] == [2, 4, 5]


def test_reading_goes_on_after_the_place_given(admin: JsonClient) -> None:
    events = [published() for _ in range(3)]
    assert ids(admin.get(f"{FEED}?after=1")) == [str(event.event_id) for event in events[1:]]
    assert ids(admin.get(f"{FEED}?after=3")) == []


def test_an_integrator_sees_their_stores_and_what_they_published(join: Join) -> None:
    integrator, store = make_user(Role.INTEGRATOR), uuid4()
    join(integrator, store)
    of_store = published(store_id=store)
    published(store_id=uuid4())
    published()
    own = published("event_delivery.dead", publisher_id=integrator.pk)
    published("event_delivery.dead", publisher_id=uuid4())

    answer = client_of(integrator).get(FEED)

    assert ids(answer) == [str(of_store.event_id), str(own.event_id)]
    assert (answer.json()["after"], answer.json()["last"]) == (5, 5)


@pytest.mark.parametrize("role", [Role.STORE_STAFF, Role.COURIER, Role.CUSTOMER])
def test_the_feed_needs_its_scope(role: Role) -> None:
    answer = client_of(make_user(role)).get(FEED)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_dispatchers_see_everything() -> None:
    event = published(store_id=uuid4())
    assert ids(client_of(make_user(Role.DISPATCHER)).get(FEED)) == [str(event.event_id)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("type=order.paid", [1]),
        ("type=order.paid&type=stock.low", [1, 3]),
        ("type=order.*", [0, 1]),
        ("type=order.*&type=payment.succeeded", [0, 1, 2]),
        ("type=ext.*", [4, 5]),
        ("type=ext.loyalty.*", [4]),
        ("type=ext.till.closed", [5]),
        ("type=refund.failed", []),
    ],
)
def test_types_and_families_of_types_are_asked_for(admin: JsonClient, wanted: str, found: list[int]) -> None:
    events = [published(event_type) for event_type in ("order.created", "order.paid", "payment.succeeded", "stock.low")]
    for event_type in ("ext.loyalty.points_earned", "ext.till.closed"):
        event = published()
        Event.objects.filter(pk=event.pk).update(type=event_type)
        events.append(event)

    answer = admin.get(f"{FEED}?{wanted}")

    assert ids(answer) == [str(events[index].event_id) for index in found]
    assert answer.json()["after"] == 6


def test_stores_and_one_subject_are_asked_for(admin: JsonClient) -> None:
    store, other, subject = uuid4(), uuid4(), Subject("order", uuid4(), 1)
    here = published(store_id=store, subject=subject)
    there = published(store_id=other)
    published(store_id=uuid4())

    assert ids(admin.get(f"{FEED}?store={store}")) == [str(here.event_id)]
    assert ids(admin.get(f"{FEED}?store={store}&store={other}")) == [str(here.event_id), str(there.event_id)]
    assert ids(admin.get(f"{FEED}?subject={subject.id}")) == [str(here.event_id)]


def test_asking_for_a_foreign_store_shows_nothing_of_it(join: Join) -> None:
    integrator, foreign = make_user(Role.INTEGRATOR), uuid4()
    join(integrator, uuid4())
    published(store_id=foreign)
    assert ids(client_of(integrator).get(f"{FEED}?store={foreign}")) == []


@pytest.mark.parametrize(
    ("query", "code", "parameter"),
    [
        ("type=order.payed", "unknown_type", "type"),
        ("type=orders.*", "unknown_type", "type"),
        ("type=*", "invalid", "type"),
        ("type=ext.", "invalid", "type"),
        ("type=order", "invalid", "type"),
        ("store=here", "invalid", "store"),
        ("subject=it", "invalid", "subject"),
        ("after=-1", "min_value", "after"),
        ("after=1.5", "invalid", "after"),
        ("limit=501", "max_value", "limit"),
        ("limit=0", "min_value", "limit"),
        ("cursor=n00", "unknown_parameter", "cursor"),
        ("wait=20", "unknown_parameter", "wait"),
        ("after=1", "not_reached", "after"),
        ("after=9223372036854775807", "not_reached", "after"),
        ("after=9223372036854775808", "max_value", "after"),
    ],
)
def test_what_makes_no_sense_is_refused(admin: JsonClient, query: str, code: str, parameter: str) -> None:
    answer = admin.get(f"{FEED}?{query}")
    assert (answer.status_code, names(answer)) == (400, [(code, parameter)])


def test_a_call_looks_at_a_bounded_stretch_and_still_moves_on(join: Join) -> None:
    """Who sees nothing of a long stretch is not made to look at it again."""
    integrator, store = make_user(Role.INTEGRATOR), uuid4()
    join(integrator, store)
    for _ in range(7):
        published(store_id=uuid4())
    own = published(store_id=store)
    audience, readings, after = Audience.of(integrator), [], 0
    while after < 8:
        readings.append(read_on(audience, after=after, limit=50, asked_for=Q(), examined_at_once=3))
        after = readings[-1].after

    assert [reading.after for reading in readings] == [3, 6, 8]
    assert [[event.id for event in reading.events] for reading in readings] == [[], [], [own.event_id]]


def test_a_full_answer_goes_on_with_the_event_after_its_last(admin: JsonClient) -> None:
    for _ in range(3):
        published()
    answer = admin.get(f"{FEED}?limit=2").json()
    assert (answer["after"], answer["last"]) == (2, 3)
    assert answer["next"].endswith(f"{FEED}?after=2&limit=2")


def test_a_place_before_what_is_kept_is_refused_and_a_new_one_named(admin: JsonClient) -> None:
    events = [published() for _ in range(4)]
    events[0].delete()
    events[1].delete()
    SequenceCounter.objects.update(removed=2)

    refused = admin.get(f"{FEED}?after=1")

    assert (refused.status_code, refused.json()["code"]) == (410, "events_expired")
    assert (refused.json()["after"], refused.json()["oldest"]) == (2, 3)
    kept = [str(event.event_id) for event in events[2:]]
    assert ids(admin.get(f"{FEED}?after={refused.json()['after']}")) == kept
    assert ids(admin.get(FEED)) == kept


def test_events_removed_while_they_are_read_are_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remover commits between a reader's look at what is kept and its look at the events."""
    for _ in range(4):
        published()
    look_at_counter = feed._counter
    looks: list[int] = []

    def counter() -> SequenceCounter:
        seen = look_at_counter()
        if not looks:
            Event.objects.filter(sequence__lte=2).delete()
            SequenceCounter.objects.update(removed=2)
        looks.append(seen.removed)
        return seen

    monkeypatch.setattr(feed, "_counter", counter)
    audience = Audience.of(make_user(Role.ADMIN))
    with pytest.raises(EventsExpired):
        read_on(audience, after=0, limit=50, asked_for=Q())
    assert looks == [0, 2]


def test_reading_takes_a_fixed_number_of_questions(join: Join) -> None:
    integrator = make_user(Role.INTEGRATOR)
    join(integrator, store := uuid4())
    for _ in range(20):
        published(store_id=store)
    client = client_of(integrator)
    with CaptureQueriesContext(connection) as asked:
        assert len(ids(client.get(f"{FEED}?limit=20"))) == 20
    assert len(asked) == 4, [query["sql"] for query in asked]  # who calls, the counter, the events, the counter again

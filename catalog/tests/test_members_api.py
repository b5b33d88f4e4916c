from typing import Any
from uuid import uuid4

import pytest

from accounts.roles import Role
from accounts.tests.factories import JsonClient, client_of, make_user
from catalog.models import Membership, Store
from catalog.tests.factories import make_staff, make_store

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> JsonClient:
    return client_of(make_user(Role.ADMIN))


def members(store: Store) -> str:
    return f"/api/v2/stores/{store.id}/members"


def test_members_are_listed_newest_first(client: JsonClient, django_assert_num_queries: Any) -> None:
    store = make_store()
    ada, bob = make_staff(store), make_staff(store, role=Role.COURIER)
    make_staff(make_store())
    with django_assert_num_queries(4):  # who calls, the store and its hours, the page
        listed = client.get(members(store)).json()["results"]
    assert [{key: row[key] for key in row if key != "created_at"} for row in listed] == [
        {"user_id": str(bob.id), "email": bob.email, "name": "", "role": "courier"},
        {"user_id": str(ada.id), "email": ada.email, "name": "", "role": "store_staff"},
    ]


def test_a_new_member_may_run_the_store_at_once(client: JsonClient) -> None:
    store, ada = make_store(), make_user(Role.STORE_STAFF)
    answer = client.post(members(store), {"user_id": str(ada.id)})
    assert (answer.status_code, answer.json()["user_id"]) == (201, str(ada.id))
    assert client_of(ada).send("PATCH", f"/api/v2/stores/{store.id}", {"is_paused": True}).status_code == 200


def test_becoming_a_member_again_is_harmless(client: JsonClient) -> None:
    store = make_store()
    ada = make_staff(store)
    assert client.post(members(store), {"user_id": str(ada.id)}).status_code == 200
    assert Membership.objects.count() == 1


def test_a_former_member_runs_the_store_no_more(client: JsonClient) -> None:
    store, other = make_store(), make_store()
    ada = make_staff(store, other)
    for _ in range(2):
        assert client.delete(f"{members(store)}/{ada.id}").status_code == 204
    assert [membership.store for membership in Membership.objects.all()] == [other]
    assert client_of(ada).send("PATCH", f"/api/v2/stores/{store.id}", {"is_paused": True}).status_code == 404


def test_unknown_stores_and_users_are_a_404(client: JsonClient) -> None:
    store, ada = make_store(), make_user()
    nowhere = f"/api/v2/stores/{uuid4()}/members"
    answers = [
        client.get(nowhere),
        client.post(nowhere, {"user_id": str(ada.id)}),
        client.delete(f"{nowhere}/{ada.id}"),
        client.post(members(store), {"user_id": str(uuid4())}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        *[(404, "store_not_found")] * 3,
        (404, "user_not_found"),
    ]
    assert not Membership.objects.exists()


@pytest.mark.parametrize("body", [{}, {"user_id": "x"}, {"user_id": str(uuid4()), "role": "admin"}])
def test_a_membership_of_another_shape_is_refused(client: JsonClient, body: dict[str, Any]) -> None:
    assert client.post(members(make_store()), body).status_code == 400
    assert not Membership.objects.exists()

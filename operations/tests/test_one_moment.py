"""The audit reads one moment, holds nobody up, and writes nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import InternalError, connection

from api.tests.waiting import PATIENCE_SECONDS, in_background
from catalog.models import Store
from operations.one_moment import one_moment
from orders.tests.factories import make_store

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_committed_meanwhile_is_not_seen() -> None:
    with ThreadPoolExecutor(1) as pool, one_moment():
        assert Store.objects.count() == 0
        in_background(pool, make_store).result(PATIENCE_SECONDS)
        assert Store.objects.count() == 0
    assert Store.objects.count() == 1


def test_nothing_can_be_written() -> None:
    with pytest.raises(InternalError), one_moment():
        make_store()
    assert Store.objects.count() == 0


def test_connection_is_as_before() -> None:
    with one_moment():
        pass
    make_store()
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("read committed",)

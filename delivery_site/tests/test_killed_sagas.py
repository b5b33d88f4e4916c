"""A worker that is killed between two steps of an order's saga: the next one goes on where it was."""

import random
import sys

import httpx
import pytest

from delivery_site.testing.installation import GUNICORN, Installation, in_several_processes
from operations.tests.contract.site import Person, Site, eventually
from operations.tests.contract.story import (
    Shop,
    demo_person,
    new_courier,
    once_it_is,
    open_shop,
    pay,
    placed,
    refunds_of,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="There is no SIGKILL and no Valkey on Windows")


def test_a_saga_goes_on_after_each_step_at_which_its_worker_died() -> None:
    with in_several_processes(GUNICORN) as installation, httpx.Client(base_url=installation.url, timeout=60) as http:
        admin, customer = demo_person(Site(http), "admin"), demo_person(Site(http), "customer")
        shop, courier = open_shop(admin), new_courier(admin, admin)

        _die_and_go_on(installation, customer=customer, shop=shop, courier=courier)

        audit = installation.manage("audit")
        assert audit.returncode == 0, audit.stdout


def _die_and_go_on(installation: Installation, *, customer: Person, shop: Shop, courier: Person) -> None:
    worker = next(program for program in installation.programs if program.name == "worker")
    order = placed(customer, shop)

    worker.kill(random.Random(1))
    payment = pay(customer, order)
    assert customer.read(f"payments/{payment['id']}")["status"] == "pending"
    worker.start()
    once_it_is("paid", order, customer)

    shop.staff.do(f"orders/{order['id']}/confirm")
    assignment = courier.do(f"orders/{order['id']}/accept")
    worker.kill(random.Random(1))
    shop.staff.do(f"orders/{order['id']}/cancel", {"reason": "The oven broke"})
    assert courier.read(f"assignments/{assignment['id']}")["status"] == "accepted"
    assert customer.results(f"payments/{payment['id']}/refunds") == []
    worker.start()
    (refund,) = refunds_of(payment, customer, count=1)
    released = eventually(
        lambda: courier.read(f"assignments/{assignment['id']}"), lambda found: found["status"] == "released"
    )

    assert (refund["amount"], released["order_id"], shop.stock) == ("12.50", order["id"], 10)

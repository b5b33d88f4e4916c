from itertools import product

import pytest

from accounts.actors import ActorKind
from orders.states import FINAL, TRANSITIONS, OrderStatus, PaymentMethod, allowed_targets

WAY = {
    ("created", "paid"): {"provider", "integrator"},
    ("created", "confirmed"): {"staff", "integrator", "system"},
    ("created", "cancelled"): {"customer", "staff", "integrator", "system", "provider"},
    ("paid", "confirmed"): {"staff", "integrator", "system"},
    ("paid", "cancelled"): {"customer", "staff", "integrator"},
    ("confirmed", "assigned"): {"courier", "staff"},
    ("confirmed", "cancelled"): {"staff", "integrator"},
    ("assigned", "confirmed"): {"staff", "courier"},
    ("assigned", "cancelled"): {"staff", "integrator"},
    ("assigned", "picked_up"): {"courier", "staff"},
    ("picked_up", "delivered"): {"courier", "staff"},
    ("picked_up", "failed"): {"courier", "staff"},
    ("failed", "confirmed"): {"staff"},
    ("failed", "cancelled"): {"staff"},
}


@pytest.mark.parametrize(("source", "target"), list(product(OrderStatus.values, repeat=2)))
@pytest.mark.parametrize("kind", ActorKind.values)
def test_every_cell_of_state_by_state_by_actor(source: str, target: str, kind: str) -> None:
    methods = [m for m in PaymentMethod.values if target in allowed_targets(source, by=ActorKind(kind), method=m)]
    expected = list(PaymentMethod.values) if kind in WAY.get((source, target), set()) else []
    if expected and (source, target) == ("created", "paid"):
        expected = ["online", "external"]
    if expected and (source, target) == ("created", "confirmed"):
        expected = ["cash"]
    assert methods == expected


def test_final_states_lead_nowhere() -> None:
    assert {"delivered", "cancelled"} == FINAL
    assert [t for t in TRANSITIONS if t.source in FINAL] == []

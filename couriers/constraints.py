"""What the database refuses even if a lock were missing, in the words of the API."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from django.db import IntegrityError

from api.errors import CataloguedError
from couriers.errors import CourierAtCapacity, OrderAlreadyAssigned

P = ParamSpec("P")
T = TypeVar("T")

ONE_ACTIVE_PER_ORDER: Final = "assignment_one_active_per_order"
WITHIN_CAPACITY: Final = "courier_within_capacity"

_REFUSALS: Final[Mapping[str, type[CataloguedError]]] = {
    ONE_ACTIVE_PER_ORDER: OrderAlreadyAssigned,
    # SQLite names the column of a violated unique index instead of the index; no other index is on it alone.
    "UNIQUE constraint failed: couriers_assignment.order_id": OrderAlreadyAssigned,
    WITHIN_CAPACITY: CourierAtCapacity,
}


def refusing_double_booking(service: Callable[P, T]) -> Callable[P, T]:
    """Around a transactional service, so that its transaction or the caller's savepoint is undone first."""

    @wraps(service)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return service(*args, **kwargs)
        except IntegrityError as error:
            refusal = _refusal_for(error)
            if refusal is None:
                raise
            raise refusal from error

    return wrapper


def _refusal_for(error: IntegrityError) -> CataloguedError | None:
    diagnosis = getattr(error.__cause__, "diag", None)
    violated = str(error) if diagnosis is None else diagnosis.constraint_name or ""
    return next((refusal() for name, refusal in _REFUSALS.items() if name in violated), None)

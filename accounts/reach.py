"""Which stores an account acts for. Stores are kept by an app above this one, which says so when it is ready."""

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

StoresOf = Callable[[Collection[UUID]], Mapping[UUID, frozenset[UUID]]]

_answers: list[StoresOf] = []


def answers_stores_of(stores_of_accounts: StoresOf) -> StoresOf:
    """Make this function one that knows, in one question for many accounts."""
    _answers.append(stores_of_accounts)
    return stores_of_accounts


def stores_of(user_ids: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    """The stores of each of these accounts; who has none may be left out."""
    return {user_id: stores for answer in _answers for user_id, stores in answer(user_ids).items()}

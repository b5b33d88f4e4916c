"""The demo people, by the addresses that the HTTP contract promises."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from django.contrib.auth.hashers import make_password

from accounts.models import User
from accounts.roles import Role
from accounts.services.users import SavedDropoff, UserDetails, add_user

PASSWORD: Final = "demo-password"
DOMAIN: Final = "example.com"
CUSTOMERS_HOME: Final = SavedDropoff(address="Torstraße 102, 10119 Berlin", latitude=52.5293, longitude=13.4034)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    email: str
    role: Role
    name: str
    phone: str = ""
    dropoff: SavedDropoff | None = None


FIXED_CAST: Final = (
    Person(email=f"admin@{DOMAIN}", role=Role.ADMIN, name="Alex Admin"),
    Person(email=f"dispatcher@{DOMAIN}", role=Role.DISPATCHER, name="Dana Dispatcher"),
    Person(email=f"store@{DOMAIN}", role=Role.STORE_STAFF, name="Sam Storekeeper"),
    Person(email=f"integrator@{DOMAIN}", role=Role.INTEGRATOR, name="Shop front end"),
    Person(
        email=f"customer@{DOMAIN}", role=Role.CUSTOMER, name="Carla Customer", phone="+493012345678",
        dropoff=CUSTOMERS_HOME,
    ),
)  # fmt: skip
ADMIN: Final = FIXED_CAST[0]
RUNNING_STORES: Final = (Role.STORE_STAFF, Role.INTEGRATOR)


def courier_person(number: int, *, name: str) -> Person:
    return Person(email=f"courier{number}@{DOMAIN}", role=Role.COURIER, name=name, phone=f"+4930555{number:04d}")


@dataclass
class Cast:
    """Finds people and makes those who are missing; who is there stays as they are, password included."""

    made: list[User] = field(default_factory=list)

    def find_or_make(self, person: Person) -> User:
        found = User.objects.filter(email=person.email).first()
        if found is not None:
            return found
        details = UserDetails(name=person.name, phone=person.phone, role=person.role, dropoff=person.dropoff)
        user = add_user(person.email, password_hash=self._password_hash, **details)
        self.made.append(user)
        return user

    def fixed(self) -> Iterator[User]:
        for person in FIXED_CAST:
            yield self.find_or_make(person)

    @cached_property
    def _password_hash(self) -> str:
        """One for all, and none where nobody is missing: hashing takes its time."""
        return make_password(PASSWORD)

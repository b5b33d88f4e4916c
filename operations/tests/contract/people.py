"""Who takes part in a scenario, as fixtures; a `conftest` that has a `site` imports those it needs."""

import pytest

from operations.tests.contract.site import Person, Site
from operations.tests.contract.story import Shop, demo_person, new_courier, open_shop


@pytest.fixture(scope="session")
def admin(site: Site) -> Person:
    return demo_person(site, "admin")


@pytest.fixture(scope="session")
def dispatcher(site: Site) -> Person:
    return demo_person(site, "dispatcher")


@pytest.fixture(scope="session")
def store_staff(site: Site) -> Person:
    return demo_person(site, "store")


@pytest.fixture(scope="session")
def integrator(site: Site) -> Person:
    return demo_person(site, "integrator")


@pytest.fixture(scope="session")
def customer(site: Site) -> Person:
    return demo_person(site, "customer")


@pytest.fixture
def shop(admin: Person) -> Shop:
    return open_shop(admin)


@pytest.fixture
def courier(dispatcher: Person, admin: Person) -> Person:
    return new_courier(dispatcher, admin)

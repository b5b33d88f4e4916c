"""What the actors of a busy evening need to know. Nothing of Django is in here: they are processes outside the site."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Self

from delivery_site.testing.sources import PROJECT

WRITE: Final = "from benchmarks.live.evening import write_an_evening as write; write({})"


@dataclass(frozen=True, kw_only=True)
class Ride:
    """A courier who says where they are, and the links of those who look on."""

    courier_id: str
    bearer: str
    order_ids: list[str]
    tokens: list[str]


@dataclass(frozen=True, kw_only=True)
class Evening:
    rides: list[Ride]
    staff_bearer: str

    @property
    def order_ids(self) -> list[str]:
        return [order_id for ride in self.rides for order_id in ride.order_ids]

    @property
    def tokens(self) -> list[str]:
        return [token for ride in self.rides for token in ride.tokens]

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Self:
        told = json.loads(text)
        return cls(**{**told, "rides": [Ride(**ride) for ride in told["rides"]]})


def an_evening(environment: Mapping[str, str], *, orders: int, couriers: int) -> Evening:
    """Happens on the site that has this environment."""
    return Evening.of(of_the_site(WRITE.format(f"orders={orders}, couriers={couriers}"), environment=environment))


def of_the_site(code: str, *, environment: Mapping[str, str], given: str = "") -> str:
    """What these lines, run in a process of the site with `given` as its input, have to say."""
    own = {**environment, "DJANGO_SETTINGS_MODULE": "delivery_site.settings"}
    command = [sys.executable, "-c", f"import django; django.setup(); {code}"]
    finished = subprocess.run(command, env=own, cwd=PROJECT, input=given, stdout=subprocess.PIPE, text=True, check=True)
    return finished.stdout

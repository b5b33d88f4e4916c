"""What the actors of a busy evening need to know. Nothing of Django is in here: they are processes outside the site."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Self

from delivery_site.testing.sources import PROJECT

WRITE: Final = "import django; django.setup(); from benchmarks.live.evening import write_an_evening as write; write({})"


@dataclass(frozen=True, kw_only=True)
class Ride:
    """A courier who says where they are, and the links of those who look on."""

    bearer: str
    tokens: list[str]


@dataclass(frozen=True, kw_only=True)
class Evening:
    rides: list[Ride]
    order_ids: list[str]
    staff_bearer: str

    def as_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Self:
        told = json.loads(text)
        return cls(**{**told, "rides": [Ride(**ride) for ride in told["rides"]]})


def an_evening(environment: Mapping[str, str], *, orders: int, couriers: int) -> Evening:
    """Happens on the site that has this environment."""
    code = WRITE.format(f"orders={orders}, couriers={couriers}")
    own = {**environment, "DJANGO_SETTINGS_MODULE": "delivery_site.settings"}
    finished = subprocess.run([sys.executable, "-c", code], env=own, cwd=PROJECT, stdout=subprocess.PIPE, check=True)
    return Evening.of(finished.stdout.decode())

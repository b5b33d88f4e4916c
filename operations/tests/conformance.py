"""Runs schemathesis, with every check and the exceptions of schemathesis.toml, against a running site."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import schemathesis
from django.db import connection
from hypothesis import strategies as st
from schemathesis.config import HealthCheck, SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.filters import FilterSet
from schemathesis.generation.meta import TestPhase

from api.etags import IF_MATCH, etag
from operations.tests.town import PASSWORD, World

CONFIG: Final = Path(__file__).resolve().parents[2] / "schemathesis.toml"
PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")

# What a parameter or a member of a body stands for.
NAMED: Final[Mapping[str, str]] = {
    "assignment_id": "accepted",
    "courier": "courier",
    "courier_id": "courier",
    "courier_ids": "courier",
    "customer": "customer",
    "delivery_id": "webhook",
    "endpoint_id": "endpoint",
    "order": "carried",
    "order_id": "carried",
    "payment_id": "payment",
    "product_id": "product",
    "store": "store",
    "store_id": "store",
    "store_ids": "store",
    "user_id": "user",
}
# What no schema can tell: which addresses may be called, which events there are.
VALUES: Final[Mapping[str, Any]] = {"url": "https://shop.example.com/hooks", "event_types": ["order.*"]}
# An operation that changes what others need has something of its own, in the state that lets it be done.
NAMED_IN: Final[Mapping[str, Mapping[str, str]]] = {
    "POST /api/v2/auth/token": {"username": "customer"},
    "POST /api/v1/orders": {"user_id": "customer"},
    "PATCH /api/v2/orders/{order_id}": {"order_id": "unpaid"},
    "POST /api/v2/orders/{order_id}/confirm": {"order_id": "paid"},
    "POST /api/v2/orders/{order_id}/ready": {"order_id": "confirmed"},
    "POST /api/v2/orders/{order_id}/cancel": {"order_id": "created"},
    "POST /api/v2/orders/{order_id}/offer": {"order_id": "confirmed"},
    "POST /api/v2/orders/{order_id}/assign": {"order_id": "ready"},
    "POST /api/v2/orders/{order_id}/accept": {"order_id": "ready"},
    "POST /api/v2/orders/{order_id}/unassign": {"order_id": "assigned"},
    "POST /api/v2/assignments/{assignment_id}/accept": {"assignment_id": "offered"},
    "POST /api/v2/assignments/{assignment_id}/decline": {"assignment_id": "unwanted"},
    "POST /api/v2/assignments/{assignment_id}/release": {"assignment_id": "held"},
    "POST /api/v2/assignments/{assignment_id}/deliver": {"assignment_id": "carrying"},
    "POST /api/v2/assignments/{assignment_id}/fail": {"assignment_id": "undeliverable"},
    "PATCH /api/v2/stores/{store_id}": {"store_id": "spare_store"},
    "DELETE /api/v2/stores/{store_id}": {"store_id": "spare_store"},
    "PATCH /api/v2/products/{product_id}": {"product_id": "spare_product"},
    "DELETE /api/v2/products/{product_id}": {"product_id": "spare_product"},
    "POST /api/v2/couriers": {"user_id": "recruit", "email": "recruit"},
    "PATCH /api/v2/couriers/{courier_id}": {"courier_id": "spare_courier"},
    "PATCH /api/v2/webhook-endpoints/{endpoint_id}": {"endpoint_id": "spare_endpoint"},
    "DELETE /api/v2/webhook-endpoints/{endpoint_id}": {"endpoint_id": "spare_endpoint"},
}


@dataclass
class Findings:
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How often each operation, such as `GET /api/v2/orders`, answered with which status."""
    problems: list[str] = field(default_factory=list)

    def has_succeeded(self, operation: str) -> bool:
        return any(label == operation and 200 <= status < 300 for label, status in self.answers)

    def take(self, event: Any) -> None:
        if isinstance(event, events.NonFatalError):
            self.problems.append(f"{event.label}: {event.value!r}")
        if isinstance(event, events.ScenarioFinished):
            self._take_scenario(event.recorder)

    def _take_scenario(self, recorder: Any) -> None:
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                case = recorder.cases[case_id].value  # of another method, where that is what is tried
                self.answers[f"{case.method} {case.path}", interaction.response.status_code] += 1
        checks = [check for found in recorder.checks.values() for check in found if check.status == Status.FAILURE]
        for check in checks:
            failure = check.failure_info.failure
            self.problems.append(f"{failure.operation}: {failure.title}\n{failure}\n{check.failure_info.code_sample}")


def explore(
    url: str,
    *,
    token: str,
    phases: tuple[str, ...],
    examples: int = 1,
    sides: tuple[World, World],
    only: Collection[str] = (),
) -> Findings:
    """What schemathesis finds at the document at `url` as the owner of `token`, making the same choices every time.

    Valid requests are made about things that exist: mostly those of the first of the `sides`.
    """
    schema = schemathesis.openapi.from_url(url, config=_config(phases=phases, examples=examples))
    schema.config.update(headers={"Authorization": f"Bearer {token}"}, workers=1, continue_on_failure=True)
    _feed(schema, sides)
    if only:
        schema.filter_set = FilterSet()
        schema.filter_set.include(operation_id=sorted(only))
    findings = Findings()
    for event in from_schema(schema).execute():
        findings.take(event)
    return findings


def _config(*, phases: tuple[str, ...], examples: int) -> SchemathesisConfig:
    """Nothing depends on how fast this machine is, or on what the source code happens to say."""
    config = SchemathesisConfig.from_path(str(CONFIG))
    config.suppress_health_check = [HealthCheck.all]
    project = config.projects.default
    project.generation.update(max_examples=examples, deterministic=True, database="none")
    project.analysis.constants.enabled = False
    for phase in PHASES:
        getattr(project.phases, phase).enabled = phase in phases
    return config


def _feed(schema: Any, sides: tuple[World, World]) -> None:
    own, foreign = sides

    @schema.hook  # type: ignore[untyped-decorator]
    def flatmap_case(context: Any, case: Any) -> Any:
        if not case.meta.generation.mode.is_positive:
            return st.just(case)
        return st.sampled_from([own, own, own, foreign, None]).map(lambda world: _about(case, world))


def _about(case: Any, world: World | None) -> Any:
    """The same request about things of this world."""
    if world is None:
        return case
    things = {**NAMED, **NAMED_IN.get(case.operation.label, {})}
    if case.meta.phase.name != TestPhase.STATEFUL:
        _point(case, things, world)
    _fill(case.body, things, world)
    return case


def _point(case: Any, things: Mapping[str, str], world: World) -> None:
    for name in case.path_parameters or {}:
        case.path_parameters[name] = world.ids[things[name]]
        if IF_MATCH in (case.headers or {}):
            case.headers[IF_MATCH] = etag(_version(world, things[name]))
    for name in (case.query or {}).keys() & things.keys():
        case.query[name] = world.ids[things[name]]


def _version(world: World, thing: str) -> int:
    """Asked for in a thread of schemathesis, which does not give connections back."""
    try:
        return world.version_of(thing)
    finally:
        connection.close()


def _fill(value: Any, things: Mapping[str, str], world: World) -> None:
    if isinstance(value, list):
        for item in value:
            _fill(item, things, world)
    elif isinstance(value, dict):
        for inner in value.values():
            _fill(inner, things, world)
        value |= {name: VALUES[name] for name in value.keys() & VALUES.keys()}
        value |= {name: _named(name, value, things, world) for name in value if name in things}
        value.pop("expected_total", None)
        if "username" in value:
            value["password"] = PASSWORD


def _named(name: str, body: Mapping[str, Any], things: Mapping[str, str], world: World) -> str | list[str]:
    if name == "order_id":
        return world.external_order if "provider" in body else world.fresh_order
    if name in {"email", "username"}:
        return str(world.things[things[name]].email)
    return [world.ids[things[name]]] if isinstance(body[name], list) else world.ids[things[name]]

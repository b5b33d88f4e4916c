"""A site that fits in a page: enough of the HTTP contract for simulated people to live by, and faults at will."""

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

Row = dict[str, Any]

BERLIN: Row = {"latitude": 52.52, "longitude": 13.405}


class Conflict(Exception):
    """A refusal of the business, by its code."""


class SiteInMemory:
    """Answers at once. Payments come back within the call that asked for them."""

    def __init__(self, *, keeps_stock_of_cancelled: bool = False, couriers: int = 3, pieces: int = 100) -> None:
        self._keeps_stock = keeps_stock_of_cancelled
        self.users: dict[str, Row] = {}
        self.couriers: dict[str, Row] = {}
        self.stores: dict[str, Row] = {}
        self.products: dict[str, Row] = {}
        self.orders: dict[str, Row] = {}
        self.timelines: dict[str, list[Row]] = {}
        self.assignments: dict[str, Row] = {}
        self.positions: dict[str, list[Row]] = {}
        self.refused_passwords: set[str] = set()
        for role in ("admin", "dispatcher", "store_staff", "integrator", "customer"):
            self._user(f"{'store' if role == 'store_staff' else role}@example.com", role)
        for number in range(1, couriers + 1):
            courier = self._user(f"courier{number}@example.com", "courier")
            self._courier({"user_id": courier["id"], "name": f"Courier {number}", "vehicle": "scooter"})
        store = self._store({"name": "Trattoria", **BERLIN})
        for number in range(3):
            self._product({"store_id": store["id"], "sku": f"P{number}", "name": f"Dish {number}", "stock": pieces})

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else {}
        if request.url.path == "/api/v2/auth/token":
            return self._token(body)
        email = request.headers["Authorization"].removeprefix("Bearer ")
        for method, pattern, answer in self._routes():
            match = re.fullmatch(pattern, request.url.path)
            if match and method == request.method:
                try:
                    found = answer(*match.groups(), body=body, email=email, query=request.url.params)
                except Conflict as conflict:
                    return httpx.Response(409, json={"code": str(conflict), "detail": "no"})
                return httpx.Response(200, json=found, headers={"ETag": '"1"'})
        return httpx.Response(404, json={"code": "not_found", "detail": request.url.path})

    def _routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        id_ = r"([0-9a-f-]{36})"
        return [
            ("GET", "/health/ready", lambda **_: {}),
            ("GET", "/api/v2/users", lambda query, **_: _page(_matching(self.users, query, "role"))),
            ("POST", "/api/v2/users", lambda body, **_: self._user(body["email"], body["role"], name=body["name"])),
            ("GET", "/api/v2/stores", lambda **_: _page(list(self.stores.values()))),
            ("GET", f"/api/v2/stores/{id_}", lambda id_, **_: self.stores[id_]),
            ("POST", "/api/v2/stores", lambda body, **_: self._store(body)),
            ("PATCH", f"/api/v2/stores/{id_}", lambda id_, body, **_: _changed(self.stores[id_], body)),
            ("POST", f"/api/v2/stores/{id_}/members", lambda _, **__: {}),
            ("GET", "/api/v2/products", lambda query, **_: _page(_matching(self.products, query, "store"))),
            ("POST", "/api/v2/products", lambda body, **_: self._product(body)),
            ("POST", f"/api/v2/products/{id_}/stock", self._receive),
            ("GET", "/api/v2/couriers", lambda **_: _page(list(self.couriers.values()))),
            ("POST", "/api/v2/couriers", lambda body, **_: self._courier(body)),
            ("GET", "/api/v2/couriers/me", lambda email, **_: self._me(email)),
            ("PATCH", "/api/v2/couriers/me", lambda email, body, **_: _changed(self._me(email), body)),
            ("POST", "/api/v2/couriers/me/positions", self._note_positions),
            ("GET", f"/api/v2/couriers/{id_}", lambda id_, **_: self.couriers[id_]),
            ("PATCH", f"/api/v2/couriers/{id_}", lambda id_, body, **_: _changed(self.couriers[id_], body)),
            ("GET", "/api/v2/orders", lambda query, **_: _page(_newest_first(_matching(self.orders, query, "status")))),
            ("POST", "/api/v2/orders", self._place),
            ("POST", "/api/v1/orders", self._place_by_v1),
            ("GET", f"/api/v2/orders/{id_}", lambda id_, **_: self.orders[id_]),
            ("PATCH", f"/api/v2/orders/{id_}", lambda id_, body, **_: self._edited(id_, body)),
            ("GET", f"/api/v2/orders/{id_}/timeline", lambda id_, **_: _page(self.timelines[id_][::-1])),
            ("POST", f"/api/v2/orders/{id_}/(confirm|ready|cancel|unassign)", self._act),
            ("POST", f"/api/v2/orders/{id_}/accept", self._accept),
            ("POST", f"/api/v2/orders/{id_}/assign", self._assign),
            ("GET", f"/api/v2/deliveries/{id_}", lambda id_, **_: {"order_id": id_, "progress": 75}),
            ("POST", "/api/v2/payments", self._pay),
            ("GET", "/api/v2/assignments", lambda query, **_: _page(_matching(self.assignments, query, "status"))),
            ("POST", f"/api/v2/assignments/{id_}/(accept|decline)", self._answer),
            ("POST", f"/api/v2/assignments/{id_}/(pick-up|deliver|fail)", self._carry),
        ]

    def _token(self, body: Row) -> httpx.Response:
        if body["username"] in self.refused_passwords or body["username"] not in {
            u["email"] for u in self.users.values()
        }:
            return httpx.Response(401, json={"code": "invalid_credentials", "detail": "Wrong e-mail or password."})
        return httpx.Response(200, json={"access_token": body["username"], "refresh_token": "r"})

    def _user(self, email: str, role: str, *, name: str = "Somebody") -> Row:
        return _kept(self.users, {"email": email, "role": role, "name": name})

    def _courier(self, body: Row) -> Row:
        row = {"top_speed_kmh": None, "status": "offline", "position": None, **body, "id": body["user_id"]}
        return _kept(self.couriers, row)

    def _store(self, body: Row) -> Row:
        return _kept(self.stores, {"preparation_minutes": 5, **body})

    def _product(self, body: Row) -> Row:
        return _kept(self.products, {"price": "5.00", "store": body["store_id"], **body})

    def _me(self, email: str) -> Row:
        return next(self.couriers[user["id"]] for user in self.users.values() if user["email"] == email)

    def _receive(self, product_id: str, *, body: Row, **_: Any) -> Row:
        product = self.products[product_id]
        product["stock"] += body["delta"]
        return product

    def _note_positions(self, *, email: str, body: Row, **_: Any) -> Row:
        courier = self._me(email)
        courier["position"] = body["positions"][-1]
        self.positions.setdefault(courier["id"], []).extend(body["positions"])
        return {}

    def _place(self, *, body: Row, **_: Any) -> Row:
        for item in body["items"]:
            if self.products[item["product_id"]]["stock"] < item["quantity"]:
                raise Conflict("insufficient_stock")
        self._move_stock(body["items"], sign=-1)
        order = {
            "number": uuid.uuid4().hex[:10].upper(),
            "status": "created",
            "version": 1,
            "store_id": self.products[body["items"][0]["product_id"]]["store_id"],
            "payment_method": body.get("payment_method", "online"),
            "total": "10.00",
            "currency": "EUR",
            "items": body["items"],
            "dropoff": body.get("dropoff"),
            "contact": body.get("contact"),
            "courier_id": None,
            "pin": None,
            "created_at": _now(),
            "ready_at": None,
        }
        _kept(self.orders, order)
        self.timelines[order["id"]] = [{"what": "created", "to_status": "created", "at": _now()}]
        return order

    def _place_by_v1(self, *, body: Row, **_: Any) -> Row:
        order = self._place(body={"items": [{"product_id": body["product_id"], "quantity": body["quantity"]}]})
        return {"order_id": order["id"], "status": "created"}

    def _move_stock(self, items: list[Row], *, sign: int) -> None:
        for item in items:
            self.products[item["product_id"]]["stock"] += sign * item["quantity"]

    def _edited(self, order_id: str, body: Row) -> Row:
        order = self.orders[order_id]
        order.update(body, version=order["version"] + 1)
        return order

    def _pay(self, *, body: Row, **_: Any) -> Row:
        order = self.orders[body["order_id"]]
        if body["token"] in ("tok_success", "tok_duplicate"):
            self._move(order, "paid", allowed=("created",))
        elif body["token"] == "tok_declined":
            self._act(order["id"], "cancel")
        return {"id": str(uuid.uuid4()), "status": "pending"}

    def _act(self, order_id: str, action: str, **_: Any) -> Row:
        order = self.orders[order_id]
        if action == "ready":
            order.update(ready_at=_now(), version=order["version"] + 1)
            self.timelines[order_id].append({"what": "ready", "to_status": order["status"], "at": _now()})
        elif action == "confirm":
            self._move(order, "confirmed", allowed=("created", "paid", "failed"))
        elif action == "unassign":
            self._end_assignment(order, "released")
            self._move(order, "confirmed", allowed=("assigned",), what="unassigned")
        else:
            was_out = order["status"] == "failed"
            self._move(order, "cancelled", allowed=("created", "paid", "confirmed", "assigned", "failed"))
            if not was_out and not self._keeps_stock:
                self._move_stock(order["items"], sign=1)
        return order

    def _accept(self, order_id: str, *, email: str, **_: Any) -> Row:
        return self._assign(order_id, body={"courier_id": self._me(email)["id"]})

    def offer(self, order_id: str, *, courier_id: str) -> Row:
        return _kept(self.assignments, {"order_id": order_id, "courier_id": courier_id, "status": "offered"})

    def _answer(self, assignment_id: str, answer: str, **_: Any) -> Row:
        offer = self.assignments.pop(assignment_id) if answer == "accept" else self.assignments[assignment_id]
        if answer == "accept":
            return self._assign(offer["order_id"], body={"courier_id": offer["courier_id"]})
        return _changed(offer, {"status": "declined"})

    def _assign(self, order_id: str, *, body: Row, **_: Any) -> Row:
        order, courier_id = self.orders[order_id], body["courier_id"]
        if any(
            a["courier_id"] == courier_id and a["status"] in ("accepted", "picked_up")
            for a in self.assignments.values()
        ):
            raise Conflict("courier_at_capacity")
        self._move(order, "assigned", allowed=("confirmed",), refusal="order_already_assigned")
        order["courier_id"] = courier_id
        return _kept(self.assignments, {"order_id": order_id, "courier_id": courier_id, "status": "accepted"})

    def _carry(self, assignment_id: str, action: str, **_: Any) -> Row:
        assignment = self.assignments[assignment_id]
        order = self.orders[assignment["order_id"]]
        if action == "pick-up":
            self._move(order, "picked_up", allowed=("assigned",))
            assignment["status"] = "picked_up"
        else:
            self._move(order, "delivered" if action == "deliver" else "failed", allowed=("picked_up",))
            assignment["status"] = order["status"]
        return assignment

    def _end_assignment(self, order: Row, status: str) -> None:
        for assignment in self.assignments.values():
            if assignment["order_id"] == order["id"] and assignment["status"] == "accepted":
                assignment["status"] = status

    def _move(
        self,
        order: Row,
        status: str,
        *,
        allowed: tuple[str, ...],
        what: str = "",
        refusal: str = "transition_not_allowed",
    ) -> None:
        if order["status"] not in allowed:
            raise Conflict(refusal)
        order.update(status=status, version=order["version"] + 1)
        self.timelines[order["id"]].append({"what": what or status, "to_status": status, "at": _now()})


def _page(rows: list[Row]) -> Row:
    return {"results": rows, "next": None, "previous": None}


def _newest_first(rows: list[Row]) -> list[Row]:
    return rows[::-1]


def _matching(rows: dict[str, Row], query: httpx.QueryParams, field: str) -> list[Row]:
    wanted = query.get_list(field)
    return [row for row in rows.values() if not wanted or row[field] in wanted]


def _kept(rows: dict[str, Row], row: Row) -> Row:
    """Ids sort by time of creation, as the site's do."""
    row.setdefault("id", str(uuid.UUID(int=uuid.uuid1().time << 64 | len(rows))))
    rows[row["id"]] = row
    return row


def _changed(row: Row, body: Row) -> Row:
    row.update(body)
    return row


def _now() -> str:
    return datetime.now(UTC).isoformat()

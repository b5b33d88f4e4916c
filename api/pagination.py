"""Keyset pagination by primary key, newest first: no COUNT, no OFFSET, no row twice."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from api.errors import FieldProblem, InvalidRequest
from api.serializers import StrictSerializer

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 100
CURSOR_PATTERN: Final = "^[np][0-9a-f]{32}$"
MAX_KEY: Final = 2**128 - 1
_BACKWARD: Final = "p"
_FORWARD: Final = "n"


class PageParameters(StrictSerializer):
    """The query parameters of every list."""

    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, default=DEFAULT_LIMIT, min_value=1, max_value=MAX_LIMIT)


class KeysetPagination(BasePagination):
    """Tells OpenAPI what `ApiView.page` accepts and answers, where a view responds with `many=True`."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "properties": {"results": schema, "next": address, "previous": address},
            "required": ["results", "next", "previous"],
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "in": "query",
                "name": "cursor",
                "description": "Opaque: follow `next` and `previous`.",
                "schema": {"type": "string", "pattern": CURSOR_PATTERN},
            },
            {
                "in": "query",
                "name": "limit",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            },
        ]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows: before (`backward`) or after the row with this key."""

    key: UUID
    backward: bool

    def encode(self) -> str:
        return f"{_BACKWARD if self.backward else _FORWARD}{self.key.hex}"

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises InvalidRequest for anything `encode` could not have made."""
        if not re.fullmatch(CURSOR_PATTERN, text):
            raise invalid_cursor()
        return cls(UUID(hex=text[1:]), backward=text[0] == _BACKWARD)


def invalid_cursor() -> InvalidRequest:
    detail = "Not a cursor of this list. Follow the `next` and `previous` addresses as they are."
    return InvalidRequest(errors=[FieldProblem("", "invalid", detail, {"parameter": "cursor"})])


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Any]
    next: Cursor | None
    previous: Cursor | None


def keyset_page(queryset: QuerySet[Any], *, cursor: Cursor | None, limit: int) -> Page:
    """One page of `queryset`, whatever its own ordering was; reads one row more than it returns."""
    if cursor is not None and cursor.backward:
        return _page_before(queryset, cursor=cursor, limit=limit)
    if cursor is not None:
        queryset = queryset.filter(pk__lt=cursor.key)
    found = list(queryset.order_by("-pk")[: limit + 1])
    rows = found[:limit]
    further = Cursor(rows[-1].pk, backward=False) if len(found) > limit else None
    return Page(rows, next=further, previous=_place_before(rows, cursor))


def _place_before(rows: Sequence[Model], cursor: Cursor | None) -> Cursor | None:
    """Only a page reached by a cursor has something before it; if it is empty, beginning with the cursor's own row."""
    if cursor is None:
        return None
    return Cursor(rows[0].pk if rows else _key(cursor.key.int - 1), backward=True)


def _page_before(queryset: QuerySet[Any], *, cursor: Cursor, limit: int) -> Page:
    found = list(queryset.filter(pk__gt=cursor.key).order_by("pk")[: limit + 1])
    rows = found[:limit][::-1]
    previous = Cursor(rows[0].pk, backward=True) if len(found) > limit else None
    further = Cursor(rows[-1].pk if rows else _key(cursor.key.int + 1), backward=False)
    return Page(rows, next=further, previous=previous)


def _key(number: int) -> UUID:
    """The nearest key to `number`: before the first and after the last there is none."""
    return UUID(int=min(max(number, 0), MAX_KEY))


def cursor_url(request: Request, cursor: Cursor | None) -> str | None:
    """The absolute address of the page at `cursor`, with the filters of this request."""
    if cursor is None:
        return None
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor.encode())

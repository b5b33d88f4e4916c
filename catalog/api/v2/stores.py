from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import Actor
from accounts.permissions import caller
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import Scopes
from api.views import ApiView
from catalog.api.v2.store_serializers import (
    NewStoreSerializer,
    StoreChangeSerializer,
    StoreFilterSerializer,
    StoreSerializer,
)
from catalog.errors import StoreNotFound
from catalog.models import Store
from catalog.selectors import matching_stores, store_for, store_run_by, stores_for
from catalog.services.stores import create_store, retire_store, update_store


class StoreView(ApiView):
    serializer_class = StoreSerializer
    queryset: QuerySet[Store] = Store.objects.none()

    def answer(self, store_id: UUID, *, status: int = 200) -> Response:
        store = store_for(caller(self.request), store_id)
        return with_etag(Response(self.get_serializer(store).data, status=status), store.version)


class StoreList(StoreView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "catalog:read", "POST": "catalog:write"}

    @extend_schema(
        operation_id="stores_list",
        summary="List stores",
        description="Active ones; those who run stores see their inactive ones, too.",
        tags=["Catalog"],
        parameters=[StoreFilterSerializer],
        responses=StoreSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.query(StoreFilterSerializer)
        return self.page(matching_stores(stores_for(caller(request)), **filters), StoreSerializer)

    @extend_schema(
        operation_id="stores_create",
        summary="Create a store",
        description="Store staff and integrators become members of the stores they create.",
        tags=["Catalog"],
        parameters=[LOCATION],
        request=NewStoreSerializer,
        responses={201: StoreSerializer},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        store = create_store(actor=Actor.of(caller(request)), **self.body(NewStoreSerializer))
        response = self.answer(store.id, status=201)
        response["Location"] = f"{request.path}/{store.id}"
        return response


class StoreDetail(StoreView):
    required_scopes: ClassVar[dict[str, Scopes]] = {
        "GET": "catalog:read",
        "PATCH": "catalog:write",
        "DELETE": "catalog:write",
    }
    if_match: ClassVar[dict[str, bool]] = {"PATCH": True, "DELETE": False}

    @extend_schema(operation_id="stores_retrieve", summary="Show a store", tags=["Catalog"], responses=StoreSerializer)
    @refuses(StoreNotFound)
    def get(self, request: Request, store_id: UUID) -> Response:
        return self.answer(store_id)

    @extend_schema(
        operation_id="stores_update",
        summary="Change a store",
        tags=["Catalog"],
        request=StoreChangeSerializer,
        responses=StoreSerializer,
    )
    @refuses(StoreNotFound)
    def patch(self, request: Request, store_id: UUID) -> Response:
        store = store_run_by(caller(request), store_id)
        version = expected_version(request, required=True)
        update_store(store.id, expected_version=version, **self.body(StoreChangeSerializer))
        return self.answer(store_id)

    @extend_schema(
        operation_id="stores_retire",
        summary="Retire a store",
        description="It is no longer shown and takes no new orders; its history stays.",
        tags=["Catalog"],
        responses={204: None},
    )
    @refuses(StoreNotFound)
    def delete(self, request: Request, store_id: UUID) -> Response:
        store = store_run_by(caller(request), store_id)
        retire_store(store.id, expected_version=expected_version(request, required=False))
        return Response(status=204)

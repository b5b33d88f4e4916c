from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import Actor
from accounts.permissions import caller
from api.errors import JSON
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import Scopes
from api.views import ApiView
from catalog.api.v2.product_serializers import (
    NewProductSerializer,
    ProductChangeSerializer,
    ProductFilterSerializer,
    ProductSerializer,
    StockChangeSerializer,
    stock_reason,
)
from catalog.errors import (
    CurrencyMismatch,
    InsufficientStock,
    ProductNotFound,
    SkuTaken,
    StockLimitExceeded,
    StoreNotFound,
)
from catalog.models import Product
from catalog.selectors import matching_products, product_for, product_run_by, products_for, store_run_by, stores_run_by
from catalog.services.products import create_product, retire_product, update_product
from catalog.services.stock import adjust_stock


class ProductView(ApiView):
    serializer_class = ProductSerializer
    queryset: QuerySet[Product] = Product.objects.none()

    def answer(self, product_id: UUID, *, status: int = 200) -> Response:
        product = product_for(caller(self.request), product_id)
        return with_etag(Response(self.get_serializer(product).data, status=status), product.version)


class ProductList(ProductView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "catalog:read", "POST": "catalog:write"}

    @extend_schema(
        operation_id="products_list",
        summary="List products",
        description="Those on sale; those who run stores see their other ones, too.",
        tags=["Catalog"],
        parameters=[ProductFilterSerializer],
        responses=ProductSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.query(ProductFilterSerializer)
        return self.page(matching_products(products_for(caller(request)), **filters), ProductSerializer)

    @extend_schema(
        operation_id="products_create",
        summary="Create a product",
        tags=["Catalog"],
        parameters=[LOCATION],
        request=NewProductSerializer,
        responses={201: ProductSerializer},
    )
    @refuses(StoreNotFound, SkuTaken, CurrencyMismatch)
    @idempotent
    def post(self, request: Request) -> Response:
        fields = self.body(NewProductSerializer)
        store = store_run_by(caller(request), fields.pop("store_id"))
        product = create_product(store.id, actor=Actor.of(caller(request)), **fields)
        response = self.answer(product.id, status=201)
        response["Location"] = f"{request.path}/{product.id}"
        return response

    def example_body(self, method: str) -> Mapping[str, JSON] | None:
        store = stores_run_by(caller(self.request)).first()
        if store is None:
            return None
        return {"store_id": str(store.id), "sku": "TEA-1", "name": "Green tea", "price": "4.50", "stock": 100}


class ProductDetail(ProductView):
    required_scopes: ClassVar[dict[str, Scopes]] = {
        "GET": "catalog:read",
        "PATCH": "catalog:write",
        "DELETE": "catalog:write",
    }
    if_match: ClassVar[dict[str, bool]] = {"PATCH": True, "DELETE": False}

    @extend_schema(
        operation_id="products_retrieve", summary="Show a product", tags=["Catalog"], responses=ProductSerializer
    )
    @refuses(ProductNotFound)
    def get(self, request: Request, product_id: UUID) -> Response:
        return self.answer(product_id)

    @extend_schema(
        operation_id="products_update",
        summary="Change a product",
        description="Orders keep the name and the price they were placed at.",
        tags=["Catalog"],
        request=ProductChangeSerializer,
        responses=ProductSerializer,
    )
    @refuses(ProductNotFound, SkuTaken)
    def patch(self, request: Request, product_id: UUID) -> Response:
        product = product_run_by(caller(request), product_id)
        version = expected_version(request, required=True)
        update_product(product.id, expected_version=version, **self.body(ProductChangeSerializer))
        return self.answer(product_id)

    @extend_schema(
        operation_id="products_retire",
        summary="Retire a product",
        description="It is no longer sold; its history stays.",
        tags=["Catalog"],
        responses={204: None},
    )
    @refuses(ProductNotFound)
    def delete(self, request: Request, product_id: UUID) -> Response:
        product = product_run_by(caller(request), product_id)
        retire_product(product.id, expected_version=expected_version(request, required=False))
        return Response(status=204)


class ProductStock(ProductView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "catalog:write"}

    @extend_schema(
        operation_id="products_stock",
        summary="Change what is in stock, by hand",
        tags=["Catalog"],
        request=StockChangeSerializer,
        responses=ProductSerializer,
    )
    @refuses(ProductNotFound, InsufficientStock, StockLimitExceeded)
    @idempotent
    def post(self, request: Request, product_id: UUID) -> Response:
        fields: dict[str, Any] = self.body(StockChangeSerializer)
        product = product_run_by(caller(request), product_id)
        reason, note = stock_reason(fields["reason"])
        adjust_stock(product.id, delta=fields["delta"], reason=reason, note=note, actor=Actor.of(caller(request)))
        return self.answer(product_id)

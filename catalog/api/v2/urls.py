from django.urls import path

from catalog.api.v2.members import MemberDetail, MemberList
from catalog.api.v2.products import ProductDetail, ProductList, ProductStock
from catalog.api.v2.stores import StoreDetail, StoreList

urlpatterns = [
    path("stores", StoreList.as_view(), name="store-list"),
    path("stores/<uuid:store_id>", StoreDetail.as_view(), name="store-detail"),
    path("stores/<uuid:store_id>/members", MemberList.as_view(), name="store-member-list"),
    path("stores/<uuid:store_id>/members/<uuid:user_id>", MemberDetail.as_view(), name="store-member-detail"),
    path("products", ProductList.as_view(), name="product-list"),
    path("products/<uuid:product_id>", ProductDetail.as_view(), name="product-detail"),
    path("products/<uuid:product_id>/stock", ProductStock.as_view(), name="product-stock"),
]

from django.urls import path

from orders.api.v1 import views

urlpatterns = [
    path("orders", views.OrderListV1.as_view(), name="v1-order-list"),
    path("orders/<uuid:order_id>", views.OrderDetailV1.as_view(), name="v1-order-detail"),
]

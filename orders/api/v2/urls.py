from django.urls import path

from orders.api.v2 import views

urlpatterns = [
    path("orders", views.OrderList.as_view(), name="order-list"),
    path("orders/<uuid:order_id>", views.OrderDetail.as_view(), name="order-detail"),
    path("orders/<uuid:order_id>/timeline", views.OrderTimeline.as_view(), name="order-timeline"),
    path("orders/<uuid:order_id>/confirm", views.OrderConfirm.as_view(), name="order-confirm"),
    path("orders/<uuid:order_id>/ready", views.OrderReady.as_view(), name="order-ready"),
    path("orders/<uuid:order_id>/cancel", views.OrderCancel.as_view(), name="order-cancel"),
]

from django.urls import path

from payments.api.v2 import views

urlpatterns = [
    path("payments", views.PaymentList.as_view(), name="payment-list"),
    path("payments/<uuid:payment_id>", views.PaymentDetail.as_view(), name="payment-detail"),
    path("payments/<uuid:payment_id>/refunds", views.RefundList.as_view(), name="refund-list"),
    path("payments/webhooks/simulated", views.SimulatedWebhook.as_view(), name="payment-webhook-simulated"),
]

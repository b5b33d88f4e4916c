"""The shapes of payments and refunds: what may be asked, what is shown. The token is never shown."""

from decimal import Decimal
from typing import Any, ClassVar, Final

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from api.serializers import MaybeChoiceField, MomentField, MoneyField, StrictSerializer
from payments.models import FailureReason, Payment, PaymentStatus, Provider, Refund
from payments.providers.simulated import SimulatedToken
from payments.services.settling import Outcome

ORDER_ID: Final = "0199f3a5-4f0d-7c61-8a2b-3e9d1f60c7a4"
SMALLEST_REFUND: Final = Decimal("0.01")


class OnlinePaymentSerializer(StrictSerializer):
    """Charge the order's total through the provider."""

    example: ClassVar = {"order_id": ORDER_ID, "token": "tok_success"}

    order_id = serializers.UUIDField()
    token = serializers.ChoiceField(choices=SimulatedToken.choices, help_text="A test token of the simulated provider.")


class ExternalPaymentSerializer(StrictSerializer):
    """State that the shop has charged the order elsewhere; integrators only."""

    example: ClassVar = {"order_id": ORDER_ID, "provider": "external", "reference": "shop-1001", "amount": "25.00"}

    order_id = serializers.UUIDField()
    provider = serializers.ChoiceField(choices=[Provider.EXTERNAL.value])
    reference = serializers.CharField(max_length=100, help_text="The shop's own reference of the charge.")
    amount = MoneyField()


NEW_PAYMENT: Final = PolymorphicProxySerializer(
    component_name="NewPayment",
    serializers=[OnlinePaymentSerializer, ExternalPaymentSerializer],
    resource_type_field_name=None,
)


class PaymentFilterSerializer(StrictSerializer):
    order = serializers.UUIDField(required=False)
    status = serializers.MultipleChoiceField(choices=PaymentStatus.choices, required=False)
    store = serializers.UUIDField(required=False)
    created_after = MomentField(required=False)
    created_before = MomentField(required=False)


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    example: ClassVar = {
        "id": "0199f3a6-1c5e-7b39-9d42-6f0c2a8e5b17",
        "order_id": ORDER_ID,
        "status": "pending",
        "amount": "25.00",
        "currency": "EUR",
        "provider": "simulated",
        "captured_amount": "0.00",
        "captured_currency": "",
        "refunded_amount": "0.00",
        "review_reason": "",
        "failure_reason": None,
        "reference": "",
        "version": 1,
        "created_at": "2026-11-21T12:01:30.000000Z",
        "updated_at": "2026-11-21T12:01:30.000000Z",
    }

    order_id = serializers.UUIDField()
    amount = MoneyField()
    captured_amount = MoneyField(help_text="What was really taken.")
    failure_reason = MaybeChoiceField(FailureReason.choices, help_text="Null unless it has failed.")
    refunded_amount = MoneyField(help_text="What has gone back; refunds under way do not count yet.")

    class Meta:
        model = Payment
        fields: ClassVar = [
            "id",
            "order_id",
            "status",
            "amount",
            "currency",
            "provider",
            "captured_amount",
            "captured_currency",
            "refunded_amount",
            "review_reason",
            "failure_reason",
            "reference",
            "version",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class NewRefundSerializer(StrictSerializer):
    example: ClassVar = {"amount": "12.50", "reason": "One dish was missing"}

    amount = MoneyField(min_value=SMALLEST_REFUND)
    reason = serializers.CharField(max_length=300)


class RefundSerializer(serializers.ModelSerializer[Refund]):
    payment_id = serializers.UUIDField()
    amount = MoneyField()
    currency = serializers.CharField(source="payment.captured_currency")

    class Meta:
        model = Refund
        fields: ClassVar = [
            "id",
            "payment_id",
            "status",
            "amount",
            "currency",
            "reason",
            "failure_reason",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class NoticeTakenSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=Outcome.choices)

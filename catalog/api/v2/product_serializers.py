from typing import ClassVar, Final

from rest_framework import serializers

from api.serializers import ChangeSerializer, MoneyField, StrictSerializer
from catalog.api.v2.fields import CurrencyField, DeltaField
from catalog.models import BY_HAND, Product, StockReason
from catalog.services.stock import MAX_STOCK

# Up to 99,999.99; what a whole order may come to is the order's own limit.
PRICE_DIGITS: Final = 7


class ProductChangeSerializer(ChangeSerializer):
    """At least one field. Stock changes by its own route, through the ledger."""

    sku = serializers.CharField(max_length=64, required=False)
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    price = MoneyField(max_digits=PRICE_DIGITS, required=False)
    low_stock_threshold = serializers.IntegerField(min_value=0, max_value=MAX_STOCK, required=False)
    is_active = serializers.BooleanField(required=False)


class NewProductSerializer(ProductChangeSerializer):
    example: ClassVar = {
        "store_id": "0199f3a0-77b1-7d02-b3c4-9a5e6f708192",
        "sku": "TEA-1",
        "name": "Green tea",
        "price": "4.50",
        "stock": 100,
    }

    store_id = serializers.UUIDField()
    sku = serializers.CharField(max_length=64)
    name = serializers.CharField(max_length=200)
    price = MoneyField(max_digits=PRICE_DIGITS)
    currency = CurrencyField(required=False, help_text="Must be the store's, which is taken unless given.")
    stock = serializers.IntegerField(min_value=0, max_value=MAX_STOCK, default=0)


class ProductFilterSerializer(StrictSerializer):
    store = serializers.UUIDField(required=False)
    is_active = serializers.BooleanField(required=False)
    search = serializers.CharField(max_length=100, required=False, help_text="Part of the name, SKU or description.")


class ProductSerializer(serializers.ModelSerializer[Product]):
    store_id = serializers.UUIDField()
    price = MoneyField()

    class Meta:
        model = Product
        fields: ClassVar = [
            "id", "store_id", "sku", "name", "description", "price", "currency", "stock", "low_stock_threshold",
            "is_active", "version", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class StockChangeSerializer(StrictSerializer):
    example: ClassVar = {"delta": 10, "reason": "received"}

    delta = DeltaField(help_text="How much more there is; negative for less.")
    reason = serializers.CharField(
        max_length=200, help_text="`received`, `counted`, `damaged`, `corrected`, or a correction in your own words."
    )


def stock_reason(text: str) -> tuple[StockReason, str]:
    """A known word is its reason; anything else is a correction with the text as its note."""
    word = text.lower()
    return (StockReason(word), "") if word in BY_HAND else (StockReason.CORRECTED, text)

from typing import Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    MultipleChoicesDropdownFilter,
    RadioFilter,
)
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.actors import Actor
from accounts.admin_base.display import EMPTY, Tone, badge, change_list_url, change_url, delta, linked, moment, money
from accounts.admin_base.filters import DaysFilter
from accounts.admin_base.moves import Move, MoveForm, MovingAdmin
from accounts.admin_base.page import PageAdmin
from accounts.admin_base.scoped import user_of
from accounts.admin_base.versioned import VersionedAdmin, VersionedForm
from accounts.models import User
from catalog.admin.stores import READ, WRITE
from catalog.models import BY_HAND, Product, StockEntry, StockReason, Store
from catalog.services.products import create_product, retire_product, update_product
from catalog.services.stock import MAX_STOCK, adjust_stock

LEDGER_ROWS: Final = 15


class ProductForm(VersionedForm):
    class Meta:
        model = Product
        fields: tuple[str, ...] = ("sku", "name", "description", "price", "low_stock_threshold")
        widgets: ClassVar[Any] = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}


class NewProductForm(ProductForm):
    initial_stock = forms.IntegerField(
        label="Initial stock", min_value=0, max_value=MAX_STOCK, initial=0, widget=UnfoldAdminIntegerFieldWidget,
        help_text="Goes through the ledger as received.",
    )  # fmt: skip

    class Meta(ProductForm.Meta):
        fields = ("store", *ProductForm.Meta.fields)


class StockForm(MoveForm):
    """Carries no version: a product's does not follow its stock, and sales go on while somebody counts."""

    delta = forms.IntegerField(
        label="Change", min_value=-MAX_STOCK, max_value=MAX_STOCK, widget=UnfoldAdminIntegerFieldWidget,
        help_text="How much more there is; negative for less.",
    )  # fmt: skip
    reason = forms.ChoiceField(
        choices=[(reason.value, reason.label) for reason in BY_HAND], widget=UnfoldAdminSelectWidget
    )
    note = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)

    def clean_delta(self) -> int:
        delta: int = self.cleaned_data["delta"]
        if delta == 0:
            raise forms.ValidationError("Zero changes nothing.")
        return delta


class AdjustStock(Move):
    name, label, icon, scope, tone = "stock", "Receive or adjust stock", "inventory", WRITE, "primary"
    explanation = "Writes a row of the ledger; the stock follows it."
    form = StockForm

    def perform(self, target: Product, *, actor: Actor, form: MoveForm) -> str:
        entered = form.cleaned_data
        product = adjust_stock(
            target.pk, delta=entered["delta"], reason=StockReason(entered["reason"]), actor=actor, note=entered["note"]
        )
        return f"{product.name}: {entered['delta']:+d}, now {product.stock} in stock."


class Retire(Move):
    name, label, icon, scope, tone = "retire", "Retire", "archive", WRITE, "danger"
    explanation = "No longer sold; its history stays."

    def is_offered(self, target: Product, *, actor: Actor) -> bool:
        return target.is_active

    def perform(self, target: Product, *, actor: Actor, form: MoveForm) -> str:
        retire_product(target.pk, expected_version=form.expected_version)
        return f"{target.name} is no longer sold."


class SellAgain(Move):
    name, label, icon, scope = "sell-again", "Sell again", "unarchive", WRITE

    def is_offered(self, target: Product, *, actor: Actor) -> bool:
        return not target.is_active

    def perform(self, target: Product, *, actor: Actor, form: MoveForm) -> str:
        update_product(target.pk, expected_version=form.expected_version, is_active=True)
        return f"{target.name} is sold again."


class LowStockFilter(RadioFilter):
    title = "stock"
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("low", "Low"), ("none", "None left")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        low = {"low": Q(stock__lte=F("low_stock_threshold")), "none": Q(stock=0)}.get(self.value() or "")
        return queryset.filter(low) if low else queryset


@admin.register(Product)
class ProductAdmin(MovingAdmin, VersionedAdmin):
    read_scope, write_scope, can_add = READ, WRITE, True
    change_form_template = "admin/catalog/product/change_form.html"
    form = ProductForm
    moves = (AdjustStock(), Retire(), SellAgain())
    list_display = ("name", "sku", "store_link", "shown_price", "shown_stock", "standing")
    list_filter = (("store", AutocompleteSelectFilter), ("is_active", BooleanRadioFilter), LowStockFilter)
    list_select_related = ("store",)
    search_fields = ("name", "sku")
    search_help_text = "Name or SKU"
    autocomplete_fields = ("store",)
    readonly_fields = ("store_link", "currency")
    what: ClassVar[Any] = ("sku", "name", "description")
    fieldsets = (("Product", {"fields": ("store_link", *what, ("price", "currency"), "low_stock_threshold")}),)
    add_fieldsets = (
        ("Product", {"fields": ("store", *what, "price")}),
        ("Stock", {"fields": ("initial_stock", "low_stock_threshold")}),
    )

    def reachable_by(self, user: User, rows: QuerySet[Product]) -> QuerySet[Product]:
        return Product.objects.run_by(user)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        options = kwargs if change else {**kwargs, "form": NewProductForm}
        return super().get_form(request, obj, change, **options)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "store":
            kwargs["queryset"] = Store.objects.run_by(user_of(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def create(self, values: dict[str, Any], *, actor: Actor) -> Product:
        store, stock = values.pop("store"), values.pop("initial_stock")
        return create_product(store.pk, actor=actor, stock=stock, **values)

    def apply(self, pk: UUID, values: dict[str, Any], *, actor: Actor, expected_version: int) -> Product:
        return update_product(pk, expected_version=expected_version, **values)

    def page_context(self, target: Product, *, request: HttpRequest) -> dict[str, Any]:
        return {
            **super().page_context(target, request=request),
            "heading": target.name,
            "badges": (self.standing(target), badge(f"{target.stock} in stock", tone=_stock_tone(target))),
            "ledger": with_actor_names(target.stock_entries.all())[:LEDGER_ROWS],
            "ledger_url": change_list_url(StockEntry, product__id__exact=target.pk),
            "zone": target.store.time_zone,
        }

    @admin.display(description="Store", ordering="store__name")
    def store_link(self, product: Product) -> SafeString | str:
        return linked(product.store)

    @admin.display(description="Price", ordering="price")
    def shown_price(self, product: Product) -> str:
        return money(product.price, product.currency)

    @admin.display(description="In stock", ordering="stock")
    def shown_stock(self, product: Product) -> SafeString:
        return badge(str(product.stock), tone=_stock_tone(product))

    @admin.display(description="Sold", ordering="is_active")
    def standing(self, product: Product) -> SafeString:
        return badge("On sale", tone=Tone.GOOD) if product.is_active else badge("Retired")


def _stock_tone(product: Product) -> Tone:
    if product.stock > product.low_stock_threshold:
        return Tone.QUIET
    return Tone.WARNING if product.stock else Tone.BAD


def with_actor_names(entries: QuerySet[StockEntry]) -> QuerySet[StockEntry]:
    """Who changed stock by hand; the people who order are none of the ledger's business."""
    name = Subquery(User.objects.filter(pk=OuterRef("actor_id")).values("email")[:1])
    return entries.annotate(
        actor_name=Case(When(reason__in=BY_HAND, actor_id__isnull=False, then=name), default=Value(""))
    )


@admin.register(StockEntry)
class StockEntryAdmin(PageAdmin):
    read_scope = READ
    list_display = ("at", "product_link", "change", "reason", "order_link", "by", "note")
    list_display_links = None
    list_filter = (
        ("product__store", AutocompleteSelectFilter), ("reason", MultipleChoicesDropdownFilter),
        ("created_at", DaysFilter),
    )  # fmt: skip
    list_select_related = ("product__store",)
    search_fields = ("=product__sku", "product__name", "=order_id")
    search_help_text = "Product's SKU or name, or id of an order"
    ordering = ("-id",)
    sortable_by = ()

    def reachable_by(self, user: User, rows: QuerySet[StockEntry]) -> QuerySet[StockEntry]:
        return with_actor_names(rows.filter(product__in=Product.objects.run_by(user)))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "product__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="When")
    def at(self, entry: StockEntry) -> SafeString | str:
        return moment(entry.created_at, zone=entry.product.store.time_zone)

    @admin.display(description="Product")
    def product_link(self, entry: StockEntry) -> SafeString | str:
        return linked(entry.product)

    @admin.display(description="Change")
    def change(self, entry: StockEntry) -> SafeString:
        return delta(entry.delta)

    @admin.display(description="Order")
    def order_link(self, entry: StockEntry) -> SafeString | str:
        return order_link(entry.order_id)

    @admin.display(description="By")
    def by(self, entry: StockEntry) -> str:
        return getattr(entry, "actor_name", "") or EMPTY


def order_link(order_id: UUID | None) -> SafeString | str:
    """Orders are above this app: all it knows of one is its id."""
    if order_id is None:
        return EMPTY
    return format_html('<a class="ours-link" href="{}">order</a>', change_url("orders.order", order_id))

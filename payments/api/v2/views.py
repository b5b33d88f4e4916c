from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import Actor
from accounts.permissions import caller
from api.errors import JSON
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import ANYONE, Scopes
from api.views import ApiView
from orders.errors import OrderNotFound
from orders.selectors import order_for
from payments.api.v2.examples import payment_example
from payments.api.v2.filters import filtered
from payments.api.v2.serializers import (
    NEW_PAYMENT,
    ExternalPaymentSerializer,
    NewRefundSerializer,
    NoticeTakenSerializer,
    OnlinePaymentSerializer,
    PaymentFilterSerializer,
    PaymentSerializer,
    RefundSerializer,
)
from payments.errors import (
    ExternalPaymentRefused,
    InvalidSignature,
    OrderNotPayable,
    PaymentExists,
    PaymentMethodMismatch,
    PaymentNotFound,
    RefundExceedsCaptured,
    RefundNotAllowed,
    StaleSignature,
)
from payments.models import Payment, Provider, Refund
from payments.providers.registry import provider_named
from payments.providers.signatures import HEADER, PATTERN
from payments.providers.simulated import SimulatedNotice
from payments.selectors import payment_for, payments_for
from payments.services.refunding import refund_payment
from payments.services.settling import settle
from payments.services.starting import start_online_payment, state_external_payment


class PaymentList(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "payments:read", "POST": "payments:write"}
    serializer_class = PaymentSerializer
    queryset: QuerySet[Payment] = Payment.objects.none()

    @extend_schema(
        operation_id="payments_list",
        summary="List payments",
        tags=["Payments"],
        parameters=[PaymentFilterSerializer],
        responses=PaymentSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        filters = self.query(PaymentFilterSerializer)
        return self.page(filtered(payments_for(caller(request)), filters), PaymentSerializer)

    @extend_schema(
        operation_id="payments_create",
        summary="Pay an order, or state that it was paid elsewhere",
        tags=["Payments"],
        parameters=[LOCATION],
        request=NEW_PAYMENT,
        responses={201: PaymentSerializer},
    )
    @refuses(OrderNotFound, PaymentMethodMismatch, PaymentExists, OrderNotPayable, ExternalPaymentRefused)
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        payment = payment_for(caller(request), self._pay(request).id)
        response = Response(self.get_serializer(payment).data, status=201)
        response["Location"] = f"{request.path}/{payment.id}"
        return with_etag(response, payment.version)

    def example_body(self, method: str) -> Mapping[str, JSON]:
        return payment_example(caller(self.request))

    def _pay(self, request: Request) -> Payment:
        is_external = isinstance(request.data, dict) and "provider" in request.data
        given = self.body(ExternalPaymentSerializer if is_external else OnlinePaymentSerializer)
        order = order_for(caller(request), given["order_id"])
        actor = Actor.of(caller(request))
        if is_external:
            return state_external_payment(order.id, reference=given["reference"], amount=given["amount"], actor=actor)
        notify_url = request.build_absolute_uri(reverse("payment-webhook-simulated"))
        return start_online_payment(order.id, token=given["token"], actor=actor, notify_url=notify_url)


class PaymentDetail(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "payments:read"}
    serializer_class = PaymentSerializer
    queryset: QuerySet[Payment] = Payment.objects.none()

    @extend_schema(
        operation_id="payments_retrieve", summary="Show a payment", tags=["Payments"], responses=PaymentSerializer
    )
    @refuses(PaymentNotFound)
    def get(self, request: Request, payment_id: UUID) -> Response:
        payment = payment_for(caller(request), payment_id)
        return with_etag(Response(self.get_serializer(payment).data), payment.version)


class RefundList(ApiView):
    """Its ETag is the payment's, which every refund changes."""

    if_match: ClassVar[dict[str, bool]] = {"POST": False}
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "payments:read", "POST": "payments:write"}
    serializer_class = RefundSerializer
    queryset: QuerySet[Refund] = Refund.objects.none()

    @extend_schema(
        operation_id="payments_refunds_list",
        summary="List the refunds of a payment",
        tags=["Payments"],
        responses=RefundSerializer(many=True),
    )
    @refuses(PaymentNotFound)
    def get(self, request: Request, payment_id: UUID) -> Response:
        payment = payment_for(caller(request), payment_id)
        page = self.page(payment.refunds.select_related("payment"), RefundSerializer)
        return with_etag(page, payment.version)

    @extend_schema(
        operation_id="payments_refunds_create",
        summary="Give money back, all of it or a part",
        tags=["Payments"],
        request=NewRefundSerializer,
        responses={201: RefundSerializer},
    )
    @refuses(PaymentNotFound, RefundNotAllowed, RefundExceedsCaptured)
    @idempotent
    def post(self, request: Request, payment_id: UUID) -> Response:
        given = self.body(NewRefundSerializer)
        payment = payment_for(caller(request), payment_id)
        version = expected_version(request, required=False)
        refund = refund_payment(payment.id, actor=Actor.of(caller(request)), expected_version=version, **given)
        return Response(self.get_serializer(refund).data, status=201)


class SimulatedWebhook(ApiView):
    """Open, because a provider has no account here: the signature says who calls."""

    authentication_classes = ()
    renderer_classes = (JSONRenderer,)
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ANYONE}
    serializer_class = NoticeTakenSerializer

    @extend_schema(
        operation_id="payments_webhooks_simulated",
        summary="Take a notice of the simulated provider",
        tags=["Payments"],
        parameters=[
            OpenApiParameter(
                HEADER,
                {"type": "string", "format": "signature", "pattern": PATTERN},
                OpenApiParameter.HEADER,
                required=True,
                description='`t=<unix time>,v1=<hex HMAC-SHA256 of "<t>.<raw body>">`, at most five minutes old.',
            )
        ],
        request=SimulatedNotice,
        responses=NoticeTakenSerializer,
        auth=[],
    )
    @refuses(InvalidSignature, StaleSignature, PaymentNotFound)
    def post(self, request: Request) -> Response:
        notice = provider_named(Provider.SIMULATED).parse_webhook(request.headers, request.body)
        return Response({"outcome": settle(notice, provider=Provider.SIMULATED)})

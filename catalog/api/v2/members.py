from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import UserNotFound
from accounts.permissions import caller
from api.idempotency.decorator import idempotent
from api.refusals import refuses
from api.scopes import Scopes
from api.views import ApiView
from catalog.api.v2.store_serializers import MemberSerializer, NewMemberSerializer
from catalog.errors import StoreNotFound
from catalog.models import Membership
from catalog.selectors import memberships_of, store_run_by
from catalog.services.memberships import add_member, remove_member


class MemberList(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "users:manage", "POST": "users:manage"}
    serializer_class = MemberSerializer

    @extend_schema(
        operation_id="store_members_list",
        summary="List who runs a store or rides for it",
        tags=["Catalog"],
        responses=MemberSerializer(many=True),
    )
    @refuses(StoreNotFound)
    def get(self, request: Request, store_id: UUID) -> Response:
        return self.page(memberships_of(store_run_by(caller(request), store_id)), MemberSerializer)

    @extend_schema(
        operation_id="store_members_add",
        summary="Make a user a member of a store",
        tags=["Catalog"],
        request=NewMemberSerializer,
        responses={200: MemberSerializer, 201: MemberSerializer},
    )
    @refuses(StoreNotFound, UserNotFound)
    @idempotent
    def post(self, request: Request, store_id: UUID) -> Response:
        store = store_run_by(caller(request), store_id)
        membership, is_new = add_member(store.id, **self.body(NewMemberSerializer))
        return Response(MemberSerializer(membership).data, status=201 if is_new else 200)


class MemberDetail(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"DELETE": "users:manage"}
    queryset = Membership.objects.none()

    @extend_schema(
        operation_id="store_members_remove",
        summary="End a user's membership of a store",
        tags=["Catalog"],
        request=None,
        responses={204: None},
    )
    @refuses(StoreNotFound)
    def delete(self, request: Request, store_id: UUID, user_id: UUID) -> Response:
        remove_member(store_run_by(caller(request), store_id).id, user_id=user_id)
        return Response(status=204)

from collections.abc import Callable
from functools import wraps
from typing import ClassVar
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.actors import Actor
from accounts.api.v2.serializers import (
    NewUserSerializer,
    OwnUserSerializer,
    UserChangeSerializer,
    UserFilterSerializer,
    UserSerializer,
)
from accounts.errors import EmailTaken, OwnAccountProtected, UserNotFound
from accounts.models import User
from accounts.permissions import caller, granted_scopes
from accounts.selectors import user_by_id, users
from accounts.services.users import add_user, update_user
from api.etags import expected_version, with_etag
from api.idempotency.decorator import idempotent
from api.openapi.headers import LOCATION
from api.refusals import refuses
from api.scopes import ANY_TOKEN, Scopes
from api.views import ApiView


def hashing_first(post: Callable[["UserList", Request], Response]) -> Callable[["UserList", Request], Response]:
    """Around `idempotent`: a hash takes its time, and on SQLite everybody would wait for the transaction around it."""

    @wraps(post)
    def wrapper(view: "UserList", request: Request) -> Response:
        view.password_hash = make_password(view.body(NewUserSerializer)["password"])
        return post(view, request)

    return wrapper


class UserView(ApiView):
    serializer_class = UserSerializer
    queryset: QuerySet[User] = User.objects.none()

    def answer(self, user: User, *, status: int = 200) -> Response:
        return with_etag(Response(UserSerializer(user).data, status=status), user.version)


class Me(UserView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": ANY_TOKEN}
    serializer_class = OwnUserSerializer

    @extend_schema(
        operation_id="users_me",
        summary="Show your own account and what your credentials may do",
        tags=["Users"],
        responses=OwnUserSerializer,
    )
    def get(self, request: Request) -> Response:
        shown = OwnUserSerializer(caller(request), context={"scopes": granted_scopes(request)})
        return with_etag(Response(shown.data), caller(request).version)


class UserList(UserView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "users:manage", "POST": "users:manage"}
    password_hash: str

    @extend_schema(
        operation_id="users_list",
        summary="List users",
        tags=["Users"],
        parameters=[UserFilterSerializer],
        responses=UserSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return self.page(users(**self.query(UserFilterSerializer)), UserSerializer)

    @extend_schema(
        operation_id="users_create",
        summary="Create a user",
        tags=["Users"],
        parameters=[LOCATION],
        request=NewUserSerializer,
        responses={201: UserSerializer},
    )
    @hashing_first
    @refuses(EmailTaken)
    @idempotent
    def post(self, request: Request) -> Response:
        fields = self.body(NewUserSerializer)
        del fields["password"]
        user = add_user(fields.pop("email"), password_hash=self.password_hash, **fields)
        response = self.answer(user, status=201)
        response["Location"] = f"{request.path}/{user.id}"
        return response


class UserDetail(UserView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"GET": "users:manage", "PATCH": "users:manage"}

    @extend_schema(operation_id="users_retrieve", summary="Show a user", tags=["Users"], responses=UserSerializer)
    @refuses(UserNotFound)
    def get(self, request: Request, user_id: UUID) -> Response:
        return self.answer(user_by_id(user_id))

    @extend_schema(
        operation_id="users_update",
        summary="Change a user",
        description="A new password, and is_active false, end the user's refresh tokens.",
        tags=["Users"],
        request=UserChangeSerializer,
        responses=UserSerializer,
    )
    @refuses(UserNotFound, EmailTaken, OwnAccountProtected)
    def patch(self, request: Request, user_id: UUID) -> Response:
        user = user_by_id(user_id)
        version = expected_version(request, required=True)
        changes = self.body(UserChangeSerializer)
        actor = Actor.of(caller(request))
        return self.answer(update_user(user.id, actor=actor, expected_version=version, **changes))

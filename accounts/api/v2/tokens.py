"""The token endpoint (RFC 6749) and its revocation (RFC 7009)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.parsers import BaseParser, FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.v2.serializers import (
    GrantSerializer,
    PasswordGrantSerializer,
    RefreshGrantSerializer,
    RevocationSerializer,
    RevokedSerializer,
    TokenSerializer,
)
from accounts.errors import UnsupportedGrantType
from accounts.services.tokens import TokenPair, renew, revoke, sign_in
from api.errors import InvalidCredentials, InvalidToken
from api.parsers import StrictJSONParser
from api.refusals import refuses
from api.scopes import ANY_TOKEN, ANYONE, Scopes
from api.views import ApiView

GRANTS: Final[Mapping[str, type[GrantSerializer]]] = {
    "password": PasswordGrantSerializer,
    "refresh_token": RefreshGrantSerializer,
}
PARSERS: Final[list[type[BaseParser]]] = [StrictJSONParser, FormParser]


class TokenView(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ANYONE}
    authentication_classes = ()
    parser_classes = PARSERS
    serializer_class = PasswordGrantSerializer

    @extend_schema(
        operation_id="auth_token",
        summary="Sign in, or renew a token",
        tags=["Tokens"],
        request=PolymorphicProxySerializer(
            component_name="Grant", serializers=dict(GRANTS), resource_type_field_name="grant_type"
        ),
        responses=TokenSerializer,
        auth=[],
    )
    @refuses(UnsupportedGrantType, InvalidCredentials, InvalidToken)
    def post(self, request: Request) -> Response:
        grant = _grant_of(request.data)
        fields = self.body(GRANTS.get(grant, PasswordGrantSerializer))
        pair = renew(fields["refresh_token"]) if grant == "refresh_token" else _signed_in(fields)
        return Response(_shown(pair))


class RevocationView(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": ANY_TOKEN}
    parser_classes = PARSERS
    serializer_class = RevocationSerializer

    @extend_schema(
        operation_id="auth_revoke",
        summary="End a refresh token",
        description="Access tokens cannot be ended: they run out within minutes.",
        tags=["Tokens"],
        request=RevocationSerializer,
        responses=RevokedSerializer,
    )
    def post(self, request: Request) -> Response:
        fields = self.body(RevocationSerializer)
        revoke(fields.get("token") or fields["refresh_token"])
        return Response({})


def _grant_of(data: Any) -> str:
    """The grant that is asked for, empty if none is. Raises UnsupportedGrantType before any field is judged."""
    grant = data.get("grant_type") if isinstance(data, Mapping) else None
    if isinstance(grant, str) and grant and grant not in GRANTS:
        raise UnsupportedGrantType
    return grant if isinstance(grant, str) else ""


def _signed_in(fields: dict[str, Any]) -> TokenPair:
    scopes = frozenset(fields.get("scope", "").split())
    return sign_in(fields["username"], password=fields["password"], scopes=scopes or None)


def _shown(pair: TokenPair) -> dict[str, Any]:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in_seconds,
        "scope": " ".join(sorted(pair.scopes)),
    }

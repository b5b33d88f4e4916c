"""One-time tickets for sockets."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import TokenCredentials
from accounts.permissions import caller, granted_scopes
from accounts.services.tickets import VALID_SECONDS, issue_ticket
from api.scopes import Scopes
from api.serializers import NoBody
from api.views import ApiView


class SocketTicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="For `/ws/state/?ticket=`, once.")
    expires_in = serializers.IntegerField(help_text="Seconds in which it must be used.")


class SocketTicketView(ApiView):
    required_scopes: ClassVar[dict[str, Scopes]] = {"POST": "state:read"}
    serializer_class = SocketTicketSerializer

    @extend_schema(
        operation_id="auth_ws_ticket",
        summary="Get a ticket for the staff socket",
        description="For clients that cannot send a header with a WebSocket: browsers. It opens `/ws/state/` once. The "
        "socket ends when the access token ends that the ticket was given for.",
        tags=["Tokens"],
        request=NoBody,
        responses={201: SocketTicketSerializer},
    )
    def post(self, request: Request) -> Response:
        self.body(NoBody)
        ticket = issue_ticket(caller(request), scopes=granted_scopes(request), ends_at=_end_of_credentials(request))
        return Response({"ticket": ticket, "expires_in": VALID_SECONDS}, status=201)


def _end_of_credentials(request: Request) -> datetime:
    """A session has no end that could be told: what it opens here lasts as long as what a token opens."""
    if isinstance(request.auth, TokenCredentials):
        return request.auth.expires_at
    return timezone.now() + timedelta(seconds=settings.ACCESS_TOKEN_SECONDS)

from django.urls import path

from accounts.api.v2.tickets import SocketTicketView
from accounts.api.v2.tokens import RevocationView, TokenView
from accounts.api.v2.users import Me, UserDetail, UserList

urlpatterns = [
    path("auth/token", TokenView.as_view(), name="auth-token"),
    path("auth/revoke", RevocationView.as_view(), name="auth-revoke"),
    path("auth/ws-ticket", SocketTicketView.as_view(), name="auth-ws-ticket"),
    path("users", UserList.as_view(), name="user-list"),
    path("users/me", Me.as_view(), name="user-me"),
    path("users/<uuid:user_id>", UserDetail.as_view(), name="user-detail"),
]

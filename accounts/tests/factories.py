"""People to tell a story with; the apps above use them too."""

from collections.abc import Iterable
from itertools import count
from typing import Any

from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from accounts.models import User
from accounts.roles import Role

PASSWORD = "correct horse battery"
_numbers = count(1)


class JsonClient(APIClient):
    """Sends JSON, and shows a failure of the server as the answer its clients get."""

    default_format = "json"

    def __init__(self, *, authorization: str | None = None) -> None:
        super().__init__(raise_request_exception=False)
        if authorization is not None:
            self.credentials(HTTP_AUTHORIZATION=authorization)

    def send(self, method: str, path: str, body: Any = None, *, version: int | None = 1) -> Any:
        """Any method; one that changes names the `version` it is based on."""
        headers = {"If-Match": f'"{version}"'} if version and method == "PATCH" else {}
        return getattr(self, method.lower())(path, body, headers=headers)


def make_user(role: Role = Role.CUSTOMER, **fields: Any) -> User:
    """Without a password unless given one: hashing takes its time."""
    return User.objects.create_user(**{"email": f"{role}.{next(_numbers)}@example.com", "role": role, **fields})


def access_token(user: User, *, scopes: Iterable[str] | None = None) -> AccessToken:
    token = AccessToken()
    token["sub"] = str(user.pk)
    token["scope"] = " ".join(sorted(user.scopes if scopes is None else scopes))
    return token


def client_of(user: User, *, scopes: Iterable[str] | None = None) -> JsonClient:
    """With a bearer token of this user; with these scopes only, where given."""
    return JsonClient(authorization=f"Bearer {access_token(user, scopes=scopes)}")


def stranger() -> JsonClient:
    return JsonClient()

"""The shapes of tokens and users."""

from typing import Any, ClassVar

from django.contrib.auth.password_validation import validate_password
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from accounts.roles import Role
from accounts.services.users import SavedDropoff
from api.serializers import ChangeSerializer, StrictSerializer
from api.text import pattern_of_text

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 256


@extend_schema_field({"type": "string", "format": "password", "pattern": pattern_of_text(not_only="0-9")})
class NewPasswordField(serializers.CharField):
    """A password that the settings' validators find good enough: long, not common, not only digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_length=MIN_PASSWORD_LENGTH,
            max_length=MAX_PASSWORD_LENGTH,
            trim_whitespace=False,
            style={"input_type": "password"},
            **kwargs,
        )

    def to_internal_value(self, data: Any) -> str:
        password = super().to_internal_value(data)
        validate_password(password)
        return password


class GrantSerializer(StrictSerializer):
    """Clients are not told apart: their id and secret, which some OAuth libraries always send, are not looked at."""

    client_id = serializers.CharField(required=False, allow_blank=True)
    client_secret = serializers.CharField(required=False, allow_blank=True)


class PasswordGrantSerializer(GrantSerializer):
    example: ClassVar = {"grant_type": "password", "username": "customer@example.com", "password": "demo-password"}

    grant_type = serializers.ChoiceField(choices=["password"])
    username = serializers.CharField(max_length=254, help_text="The e-mail address.")
    password = serializers.CharField(max_length=MAX_PASSWORD_LENGTH, trim_whitespace=False)
    scope = serializers.CharField(
        required=False, allow_blank=True, help_text="Space separated; all scopes of the role unless given."
    )


class RefreshGrantSerializer(GrantSerializer):
    example: ClassVar = {"grant_type": "refresh_token", "refresh_token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"}

    grant_type = serializers.ChoiceField(choices=["refresh_token"])
    refresh_token = serializers.CharField()


class TokenSerializer(serializers.Serializer[Any]):
    example: ClassVar = {
        "access_token": "eyJhbGciOiJIUzI1NiJ9.e30.YWNjZXNz",
        "refresh_token": "eyJhbGciOiJIUzI1NiJ9.e30.cmVmcmVzaA",
        "token_type": "Bearer",
        "expires_in": 600,
        "scope": "catalog:read orders:create orders:read payments:read payments:write",
    }

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField(help_text="What the access token may do; space separated.")


class RevocationSerializer(StrictSerializer):
    """RFC 7009. The refresh token may also be named as in the answer that brought it."""

    exactly_one_of = ("token", "refresh_token")

    token = serializers.CharField(required=False)
    refresh_token = serializers.CharField(required=False)
    token_type_hint = serializers.CharField(required=False)


class RevokedSerializer(serializers.Serializer[Any]):
    """Empty: the token cannot be used any more, whether or not it could before."""


class SavedDropoffSerializer(StrictSerializer):
    address = serializers.CharField(max_length=300)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class UserChangeSerializer(ChangeSerializer):
    """At least one field."""

    email = serializers.EmailField(max_length=254, required=False)
    password = NewPasswordField(required=False)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=32, required=False, allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)
    dropoff = SavedDropoffSerializer(required=False, allow_null=True)

    def validate_dropoff(self, value: dict[str, Any] | None) -> SavedDropoff | None:
        return SavedDropoff(**value) if value else None


class NewUserSerializer(UserChangeSerializer):
    example: ClassVar = {"email": "ada@example.com", "password": "a long password", "name": "Ada", "role": "customer"}

    email = serializers.EmailField(max_length=254)
    password = NewPasswordField()
    role = serializers.ChoiceField(choices=Role.choices, default=Role.CUSTOMER)


class UserFilterSerializer(StrictSerializer):
    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False)
    search = serializers.CharField(max_length=100, required=False, help_text="Part of the name or e-mail address.")


class ShownDropoffSerializer(serializers.Serializer[Any]):
    address = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class UserSerializer(serializers.ModelSerializer[User]):
    dropoff = serializers.SerializerMethodField(help_text="Where the user's orders go unless they say otherwise.")
    scopes = serializers.SerializerMethodField(help_text="What the role may do.")

    class Meta:
        model = User
        fields: ClassVar = [
            "id", "email", "name", "phone", "role", "is_active", "scopes", "dropoff", "version", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ShownDropoffSerializer(allow_null=True))
    def get_dropoff(self, user: User) -> dict[str, Any] | None:
        if user.dropoff_latitude is None or user.dropoff_longitude is None:
            return None
        return {
            "address": user.dropoff_address,
            "latitude": user.dropoff_latitude,
            "longitude": user.dropoff_longitude,
        }

    def get_scopes(self, user: User) -> list[str]:
        return sorted(user.scopes)


class OwnUserSerializer(UserSerializer):
    scopes = serializers.SerializerMethodField(help_text="What the credentials of this request may do.")

    def get_scopes(self, user: User) -> list[str]:
        return sorted(self.context["scopes"])

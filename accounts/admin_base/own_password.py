"""Staff change their own password: as every password changes, through the service, which ends other sessions."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from unfold.forms import AdminOwnPasswordChangeForm

from accounts.actors import Actor
from accounts.models import User
from accounts.services.users import update_user


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    def save(self, commit: bool = True) -> User:
        """The view keeps this one session signed in by the new hash."""
        user: Any = self.user
        saved = update_user(user.pk, actor=Actor.of(user), password=self.cleaned_data["new_password1"])
        user.password = saved.password
        return saved


def change_own_password(request: HttpRequest) -> HttpResponseBase:
    page = PasswordChangeView.as_view(
        form_class=OwnPasswordForm,
        success_url=reverse("admin:password_change_done"),
        template_name="registration/password_change_form.html",
        extra_context=admin.site.each_context(request),
    )
    return page(request)

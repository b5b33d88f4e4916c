from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The conventions every other app shares; knows none of them."""

    name = "api"
    label = "api"
    verbose_name = "API conventions"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from api import celery_context, checks, listening
        from api.openapi import fields

        del celery_context, checks, listening, fields

from django.apps import AppConfig


class CouriersConfig(AppConfig):
    name = "couriers"

    def ready(self) -> None:
        """Handlers register themselves when they are imported."""
        from couriers import handlers  # noqa: F401

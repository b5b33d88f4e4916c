from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "notifications"

    def ready(self) -> None:
        """Handlers register themselves when they are imported."""
        from notifications import handlers  # noqa: F401

from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"

    def ready(self) -> None:
        """Handlers register themselves when they are imported."""
        from tracking import checks, handlers  # noqa: F401

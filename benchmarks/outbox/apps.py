from django.apps import AppConfig


class OutboxBenchmarkConfig(AppConfig):
    name = "benchmarks.outbox"
    label = "benchmark"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from benchmarks.outbox.witnesses import IN_BATCHES, ONE_BY_ONE, replace_all_destinations

        replace_all_destinations(ONE_BY_ONE, IN_BATCHES)

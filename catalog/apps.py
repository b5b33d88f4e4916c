from django.apps import AppConfig

from accounts.reach import answers_stores_of


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from catalog import checks  # noqa: F401
        from catalog.selectors import stores_of_accounts

        answers_stores_of(stores_of_accounts)

"""The OpenAPI documents of the site: one for each version, made from the operations of its own urlconf."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from django.urls import resolve, reverse
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.settings import patched_settings, spectacular_settings

INTRODUCTIONS: Final = Path(__file__).parent / "introductions"


@dataclass(frozen=True)
class Document:
    version: str
    urlconf: str

    @cached_property
    def content(self) -> dict[str, Any]:
        """Made once per process: it depends on nothing but the code."""
        generator = spectacular_settings.DEFAULT_GENERATOR_CLASS(urlconf=self.urlconf)
        with patched_settings({"VERSION": self.version, "DESCRIPTION": self._introduction()}):
            schema: dict[str, Any] = generator.get_schema(request=None, public=True)
            return schema

    def as_yaml(self) -> str:
        rendered: bytes = OpenApiYamlRenderer().render(self.content, renderer_context={})  # type: ignore[no-untyped-call]
        return rendered.decode()

    def _introduction(self) -> str:
        return (INTRODUCTIONS / f"v{self.version}.md").read_text(encoding="utf-8")


def served_document(version: str) -> Document:
    """The one behind the address of this version's schema."""
    view: Any = resolve(reverse(f"schema-v{version}")).func
    document: Document = view.view_initkwargs["document"]
    return document

"""The OpenAPI documents: what is committed is what is served, and what they show as examples would work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from rest_framework.serializers import BaseSerializer, Serializer

from api.serializers import StrictSerializer

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs/openapi"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_committed_document_is_the_one_that_is_served(version: str, tmp_path: Path) -> None:
    """After a change: `make schema`, and read what has changed for those who rely on it."""
    committed = (DOCUMENTS / f"{version}.yaml").read_text(encoding="utf-8")
    call_command("openapi", version, file=tmp_path / "openapi.yaml")
    served = Client().get(f"/api/{version}/schema", headers={"Accept": "application/vnd.oai.openapi"})

    assert (tmp_path / "openapi.yaml").read_text(encoding="utf-8") == committed
    assert yaml.safe_load(served.content) == yaml.safe_load(committed)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_pages_need_nothing_from_elsewhere(version: str) -> None:
    page = Client().get(f"/api/{version}/docs", headers={"Accept": "text/html"}).content.decode()

    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page
    assert "http" not in page.replace("http-equiv", "")


assert get_resolver().url_patterns  # loads every serializer


def with_example(kind: type[BaseSerializer[Any]] = BaseSerializer) -> Iterator[type[Serializer[Any]]]:
    for below in kind.__subclasses__():
        if "example" in vars(below) and issubclass(below, Serializer) and ".tests" not in below.__module__:
            yield below
        yield from with_example(below)


SHAPES = sorted(set(with_example()), key=lambda shape: shape.__qualname__)
ASKED = [shape for shape in SHAPES if issubclass(shape, StrictSerializer)]


@pytest.mark.parametrize("shape", ASKED, ids=lambda shape: shape.__name__)
def test_an_example_of_a_body_would_be_accepted(shape: Any) -> None:
    parsed = shape(data=shape.example)
    parsed.is_valid()

    assert parsed.errors == {}


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape not in ASKED], ids=lambda shape: shape.__name__)
def test_an_example_of_an_answer_has_every_field(shape: Any) -> None:
    assert list(shape.example) == list(shape().fields)


def test_the_main_calls_have_examples() -> None:
    assert {shape.__name__ for shape in SHAPES} >= {
        "PasswordGrantSerializer", "RefreshGrantSerializer", "TokenSerializer", "NewOrderSerializer", "OrderSerializer",
        "OnlinePaymentSerializer", "ExternalPaymentSerializer", "PaymentSerializer", "SimulatedNotice",
    }  # fmt: skip

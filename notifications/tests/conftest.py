from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    """Where the recording provider writes."""
    settings.VAR_DIR = tmp_path


@pytest.fixture
def german() -> Iterator[None]:
    from django.utils import translation

    with translation.override("de"):
        yield

"""What gunicorn itself refuses is refused without a problem document, before the site sees it. It logs no requests."""

from typing import Any
from unittest.mock import Mock
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from api.openapi.documents import served_document

gunicorn: Any = pytest.importorskip("delivery_site.gunicorn", reason="gunicorn does not run on Windows")


def test_the_longest_question_to_the_feed_is_not_too_long() -> None:
    parameters = {
        each["name"]: each["schema"]
        for each in served_document("2").content["paths"]["/api/v2/events"]["get"]["parameters"]
    }
    types, stores = parameters["type"], parameters["store"]
    asked = {
        "type": ["x" * types["items"]["maxLength"]] * types["maxItems"],
        "store": [uuid4()] * stores["maxItems"],
        "subject": uuid4(),
        "after": parameters["after"]["maximum"],
        "limit": parameters["limit"]["maximum"],
    }

    line = f"GET /api/v2/events?{urlencode(asked, doseq=True)} HTTP/1.1"

    assert asked.keys() == parameters.keys()
    assert 4094 < len(line) <= gunicorn.limit_request_line


@pytest.mark.parametrize("file", [None, "-"])
def test_requests_are_put_into_words_only_where_somebody_reads_them(file: str | None) -> None:
    logger, facts = gunicorn.SilentAboutRequests.__new__(gunicorn.SilentAboutRequests), Mock()
    logger.cfg, logger.access_log, logger.atoms = Mock(accesslog=file), Mock(), Mock(return_value={})
    logger.access(facts, facts, {}, facts)
    assert logger.atoms.called == logger.access_log.info.called == bool(file)

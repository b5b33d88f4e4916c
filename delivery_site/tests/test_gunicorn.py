"""What gunicorn itself refuses is refused without a problem document, before the site sees it. It logs no requests."""

from unittest.mock import Mock
from urllib.parse import urlencode
from uuid import uuid4

from api.openapi.documents import served_document
from delivery_site import gunicorn


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


def test_what_nobody_reads_is_not_put_into_words() -> None:
    logger, facts = gunicorn.SilentAboutRequests.__new__(gunicorn.SilentAboutRequests), Mock()
    logger.access_log = Mock()
    logger.access(facts, facts, {}, facts)
    assert not logger.access_log.mock_calls + facts.mock_calls

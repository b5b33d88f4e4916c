import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class StrictJSONParser(JSONParser):
    """JSON without NaN and Infinity (DRF's `STRICT_JSON`), and without what no database or answer could hold."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            _refuse_unstorable(data)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error
        return data


def _refuse_unstorable(data: Any) -> None:
    """Escapes can spell lone surrogates, which UTF-8 cannot encode, and floats too big to be finite."""
    try:
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise ParseError("JSON parse error - lone surrogate in a string") from error
    except ValueError as error:
        raise ParseError("JSON parse error - number out of range") from error

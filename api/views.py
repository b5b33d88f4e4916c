"""The base of every API view: strict about parameters, never cached, scopes declared per method."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import JSON, FieldProblem, InvalidRequest, PayloadTooLarge
from api.etags import expected_version
from api.log_context import bind_log
from api.pagination import Cursor, KeysetPagination, PageParameters, cursor_url, keyset_page
from api.problems import field_problems
from api.scopes import Scopes
from api.serializers import StrictSerializer, shared
from api.strictness import without_blanks

PAGE_PARAMETERS: Final = frozenset({"cursor", "limit"})
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
DISCARDED_CHUNK_BYTES: Final = 64 * 1024
MAX_DISCARDED_BYTES: Final = 8 * 1024 * 1024


class ApiView(GenericAPIView[Any]):
    """A handler parses with `self.body` and `self.query`, calls one service and renders.

    `required_scopes` names, per method, what the caller's credentials must hold; a system check proves that no
    method is forgotten.
    """

    required_scopes: ClassVar[Mapping[str, Scopes]] = {}
    if_match: ClassVar[Mapping[str, bool]] = {"PATCH": True, "PUT": True}
    """The methods that heed If-Match, and whether they require it; for the OpenAPI description."""
    pagination_class = KeysetPagination

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self._known_parameters: set[str] = set()
        _read_body(request)
        super().initial(request, *args, **kwargs)
        bind_log(user=request.user.pk)
        if request.method in self.allowed_methods and request.method not in SAFE_METHODS:
            _refuse_parameters(request.query_params)
        if self.if_match.get(request.method or "") is False:
            expected_version(request, required=False)  # a malformed one is refused even where nothing is left to do

    def body(self, serializer: type[StrictSerializer], **context: Any) -> dict[str, Any]:
        """The validated body. Raises InvalidRequest."""
        reader = serializer(context=context) if context else shared(serializer)
        return reader.validated(self.request.data)

    def query(self, serializer: type[StrictSerializer]) -> dict[str, Any]:
        """The validated query parameters but for those of pagination. Raises InvalidRequest."""
        parameters = without_blanks(self.request.query_params)
        reader = shared(serializer)
        self._known_parameters |= set(reader.fields)
        for name in PAGE_PARAMETERS - set(reader.fields):
            parameters.pop(name, None)
        return _of_query(reader, parameters)

    def page(self, queryset: QuerySet[Any], serializer: type[Any], **context: Any) -> Response:
        """One page of `queryset`, newest first. Raises InvalidRequest for a bad `cursor` or `limit`."""
        self._known_parameters |= PAGE_PARAMETERS
        given = self._page_parameters()
        cursor = Cursor.decode(given["cursor"]) if given.get("cursor") else None
        page = keyset_page(queryset, cursor=cursor, limit=given["limit"])
        rendered = serializer(page.rows, many=True, context={**self.get_serializer_context(), **context})
        return Response(
            {
                "results": rendered.data,
                "next": cursor_url(self.request, page.next),
                "previous": cursor_url(self.request, page.previous),
            }
        )

    def _page_parameters(self) -> dict[str, Any]:
        parameters = without_blanks(self.request.query_params)
        for name in set(parameters) - PAGE_PARAMETERS:
            del parameters[name]
        return _of_query(shared(PageParameters), parameters)

    def example_body(self, method: str) -> Mapping[str, JSON] | None:
        """A body that would work here and now, for the browsable API; None to have one made from the serializer."""
        return None

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Only now is it known which parameters a reading handler understood."""
        if request.method in SAFE_METHODS and response.status_code < 400:
            response = self._refuse_unread_parameters(request, response)
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    def _refuse_unread_parameters(self, request: Request, response: Response) -> Response:
        try:
            _refuse_parameters(set(request.query_params) - self._known_parameters)
        except InvalidRequest as error:
            return self.handle_exception(error)
        return response

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """The methods are in the Allow header; everything else is in the OpenAPI document."""
        return Response(status=204)


def _read_body(request: Request) -> None:
    """DRF reads the stream past Django's limit, and idempotency needs the raw body. Raises PayloadTooLarge."""
    try:
        size = len(request.body)
    except RequestDataTooBig as error:
        _discard_body(request)
        raise PayloadTooLarge from error
    if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise PayloadTooLarge
    # Of a body that came in chunks nobody has said how long it is, and DRF would take it for empty.
    request.META.setdefault("CONTENT_LENGTH", str(size))


def _discard_body(request: Request) -> None:
    """Under WSGI the server closes the connection on what is left unread, and whoever is still sending it sees a reset
    instead of our answer. Bounded: nobody who sends without end is listened to for ever."""
    left = MAX_DISCARDED_BYTES
    while left > 0 and (chunk := request.read(DISCARDED_CHUNK_BYTES)):
        left -= len(chunk)


def _refuse_parameters(names: Iterable[str]) -> None:
    problems = [_unknown_parameter(name) for name in sorted(names)]
    if problems:
        raise InvalidRequest(errors=problems)


def _of_query(reader: StrictSerializer, parameters: QueryDict) -> dict[str, Any]:
    try:
        return reader.validated(parameters)
    except ValidationError as error:
        raise InvalidRequest(errors=_of_parameters(error)) from error


def _of_parameters(error: ValidationError) -> list[FieldProblem]:
    """A query parameter has a name, not a place in a document."""
    return [_of_parameter(problem) for problem in field_problems(error.detail)]


def _of_parameter(problem: FieldProblem) -> FieldProblem:
    if not problem.pointer:
        return problem
    name = problem.pointer.split("/")[1]
    if problem.code == "unknown_field":
        return _unknown_parameter(name)
    return FieldProblem("", problem.code, problem.detail, {"parameter": name})


def _unknown_parameter(name: str) -> FieldProblem:
    return FieldProblem("", "unknown_parameter", "Unknown parameter.", {"parameter": name})

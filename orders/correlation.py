"""One order can be followed end to end: whatever happens to it is told under the trace of the request that placed it.

Payments, refunds and assignments are told under their order's. Who made a later change stays known by the request id.
"""

from contextlib import AbstractContextManager

from api.request_ids import current_request_id, current_trace_id, request_context
from orders.models import Order


def under_trace_of(order: Order) -> AbstractContextManager[None]:
    """Also where a sweep goes on with what no request asks for any more."""
    return request_context(request_id=current_request_id(), trace_id=order.correlation_id or current_trace_id())

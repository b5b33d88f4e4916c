"""The formats of our own that the OpenAPI documents name, taught to schemathesis (see schemathesis.toml)."""

from zoneinfo import available_timezones

import schemathesis
from hypothesis import strategies as st

schemathesis.openapi.format("etag", st.integers(1, 9).map('"{}"'.format))
schemathesis.openapi.format("iana-time-zone", st.sampled_from(sorted(available_timezones())))
schemathesis.openapi.format("signature", st.just(f"t=1760000000,v1={'0' * 64}"))

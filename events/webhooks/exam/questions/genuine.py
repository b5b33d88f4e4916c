"""Events that have to be taken, however strange they look."""

from typing import Final

from events.webhooks.exam.desk import Asked, Desk, Question, taken
from events.webhooks.signing import new_secret

LARGE_BYTES: Final = 250_000
"""Just under the largest body the API takes, and so under the largest event an integrator's batch can bring forth."""

SCRIPTS: Final = (
    "Grüße, Łódź, Ελλάδα, Привет, שלום, مرحبا, नमस्ते, 東京, 안녕 🛵👩🏽‍🍳 “quoted” \\ back\tslash e\u0301 \u2028 1/2"
)


def _correct(desk: Desk) -> Asked:
    return taken(desk.sender.send(desk.first), event=desk.first)


def _unknown_type(desk: Desk) -> Asked:
    event = desk.papers.event(event_type="exam.invented_yesterday")
    return taken(desk.sender.send(event), event=event)


def _unknown_fields(desk: Desk) -> Asked:
    event = desk.papers.event(data={"added": {"later": [1, 2.5, None]}}, additions={"exam_added_later": {"a": [True]}})
    return taken(desk.sender.send(event), event=event)


def _scripts(desk: Desk) -> Asked:
    event = desk.papers.event(data={"text": SCRIPTS, "number": 1.0, "large": 1e20})
    return taken(desk.sender.send(event), event=event)


def _large(desk: Desk) -> Asked:
    frame = len(desk.papers.event(data={"text": ""}).body)
    event = desk.papers.event(data={"text": "x" * (LARGE_BYTES - frame)})
    return taken(desk.sender.send(event), event=event)


def _rotated(desk: Desk) -> Asked:
    event = desk.papers.event()
    return taken(desk.sender.send(event, secrets=[new_secret(), desk.sender.secret]), event=event)


GENUINE: Final = (
    Question(
        name="correct",
        title="A correct event",
        why="Without it nothing else can be told.",
        remedy="Is this the endpoint's secret, and the right address? The signature is the base64 of HMAC-SHA256 over"
        " `<webhook-id>.<webhook-timestamp>.<raw body>`, its key the base64-decoded secret without `whsec_`.",
        ask=_correct,
    ),
    Question(
        name="unknown_type",
        title="An event type you do not know",
        why="An endpoint for all types gets new ones as soon as there are any.",
        remedy="Answer 2xx to what you have no use for; anything else is repeated for days.",
        ask=_unknown_type,
    ),
    Question(
        name="unknown_fields",
        title="Fields you do not know",
        why="Fields are added without a new version of the API.",
        remedy="Read the fields you need and let the others pass, in the envelope as in `data`.",
        ask=_unknown_fields,
    ),
    Question(
        name="scripts",
        title="Text of many scripts",
        why="What is signed are bytes; parsed and written anew they may differ.",
        remedy="Verify the raw body before anything parses it, and read it as UTF-8.",
        ask=_scripts,
    ),
    Question(
        name="large",
        title=f"A large event ({LARGE_BYTES:,} bytes)",
        why="An event may have up to 256 KiB; some servers and frameworks stop at 100 kB or less.",
        remedy="Let your web server, proxy and framework take bodies of 512 KiB on this path.",
        ask=_large,
    ),
    Question(
        name="rotated_secret",
        title="Two signatures, the second one yours",
        why="For a day after its rotation an endpoint's events are signed with both secrets.",
        remedy="Split the header at spaces and take the event if any of its v1 signatures fits.",
        ask=_rotated,
    ),
)

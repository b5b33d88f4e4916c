"""The questions, in the order in which they are asked."""

from typing import Final

from events.webhooks.exam.desk import Question
from events.webhooks.exam.questions.conduct import CONDUCT, STILL_WORKING
from events.webhooks.exam.questions.forged import FORGED
from events.webhooks.exam.questions.genuine import GENUINE
from events.webhooks.exam.questions.repeated import REPEATED, SLOW_REPEAT

QUESTIONS: Final[tuple[Question, ...]] = (*GENUINE, *REPEATED, *FORGED, SLOW_REPEAT, STILL_WORKING, *CONDUCT)
"""The slow repeat comes late, so that the time the others take is its while; the look back at everything comes last."""

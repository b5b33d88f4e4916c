from api.errors import CataloguedError


class EventsExpired(CataloguedError):
    code = "events_expired"
    status = 410
    title = "Events no longer kept"
    cause = "Events after the place you gave are older than this installation keeps them."
    remedy = "Read the present state of what you follow, then go on from the `after` of this answer."
    retryable = False

from rest_framework.request import Request

from accounts.models import User


def caller_of(request: Request) -> User:
    """Whose request it is, for views that no stranger gets to: `HasRequiredScope` has been asked before."""
    user = request.user
    assert isinstance(user, User)
    return user

from api.errors import CataloguedError


class UserNotFound(CataloguedError):
    code = "user_not_found"
    status = 404
    title = "User not found"
    cause = "No user has this id, or not one you may see."
    remedy = "Check the id against the list of users."
    retryable = False


class EmailTaken(CataloguedError):
    code = "email_taken"
    status = 409
    title = "E-mail address taken"
    cause = "Another user already signs in with this e-mail address."
    remedy = "Use another address, or change the existing user."
    retryable = False


class OwnAccountProtected(CataloguedError):
    code = "own_account_protected"
    status = 409
    title = "Own account protected"
    cause = "Nobody can deactivate themself or take away their own administrator role."
    remedy = "Ask another administrator to do it."
    retryable = False


class UnsupportedGrantType(CataloguedError):
    code = "unsupported_grant_type"
    status = 400
    title = "Unsupported grant type"
    cause = "The token endpoint does not know this `grant_type`."
    remedy = "Use `password` or `refresh_token`."
    retryable = False

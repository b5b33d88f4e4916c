"""What the Admin pages of every app share: rights from scopes, forms with versions, moves, looks.

Import from its modules: the template tags need `display` while Unfold itself is being imported.
"""

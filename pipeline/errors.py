"""The exception for mistakes that a user can correct."""


class UserError(Exception):
    """A mistake in arguments or files: the message is one line that says what to do.

    The scripts print it and end with exit status 2, without a traceback.
    """

"""The one exception for what a user can mend."""


class UserError(Exception):
    """A mistake in arguments or files: its message is one line that says what to do.

    The scripts print it and end with exit status 2, without a traceback.
    """

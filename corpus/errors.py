"""One tree of errors. Each message can be shown to the person it is about and says what to do next.

Nothing below holds text of a story or of a message: an error may be logged.
"""

from __future__ import annotations


class SharedJourneyError(Exception):
    """Base of every error that this project raises on purpose. `str(error)` is one plain line."""


class SettingsWrong(SharedJourneyError):
    """A setting has a value that cannot be used."""


class DatabaseError(SharedJourneyError):
    """The database cannot do what was asked."""


class DatabaseBusy(DatabaseError):
    """Another process holds the database for longer than the time we wait."""


class DatabaseDamaged(DatabaseError):
    """The file is not a database, or its pages do not fit together."""


class DatabaseTooNew(DatabaseError):
    """The database was made by a newer version of this program."""


class DiskFull(DatabaseError):
    """There is no room left to write."""


class ScrubBlocked(DatabaseError):
    """What was withdrawn is invisible, but its bytes could not be removed yet because a reader is open."""


class IllegalMove(SharedJourneyError):
    """A story cannot go from the state that it is in to the state that was asked for."""


class OutOfDate(SharedJourneyError):
    """Somebody else changed the story after the caller read it."""


class NotReady(SharedJourneyError):
    """A story may not be published yet. The message says what it waits for."""


class NotAllowed(SharedJourneyError):
    """This account may not do that, or does not exist (any more)."""


class CodeTaken(SharedJourneyError):
    """The words that find a story are another story's already; other words have to be drawn."""


class CodeUnknown(SharedJourneyError):
    """The words that were typed open nothing."""


class AlreadyReceived(SharedJourneyError):
    """The same form was sent before, longer ago than its code is shown again."""


class NoSuchStory(SharedJourneyError):
    """There is no story with this id, or there is none any more."""


class BadRecord(SharedJourneyError):
    """A file or row that should hold a story or a group does not. The message names the place."""


class ModelUnavailable(SharedJourneyError):
    """The embedding model cannot be loaded. The message says what to do."""

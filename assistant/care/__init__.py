"""Care: what a message calls for (`screen`), the help that answers it (`help_for`), and what a reply may never say."""

from assistant.care.help import Door, Help, Line, countries, doors, guess_country, help_bar, help_for, helplines
from assistant.care.reply_check import Breach, check_reply
from assistant.care.screen import CATEGORIES, Screen, screen
from assistant.care.screener import Screener

__all__ = [
    "CATEGORIES", "Breach", "Door", "Help", "Line", "Screen", "Screener", "check_reply", "countries", "doors",
    "guess_country", "help_bar", "help_for", "helplines", "screen",
]  # fmt: skip

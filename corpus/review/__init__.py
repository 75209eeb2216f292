"""What is pointed out in a story before it is submitted, and again to its reviewers (PRACTICE R11-R13, R20, R25).

A finding is a hint with a place and a reason for a person who decides. What to look for is data in `rules/*.yaml`, with
examples that are tests. Nothing here keeps, sends or changes a word.
"""

from corpus.review.findings import Field, Finding, FindingKind, Place
from corpus.review.marks import proposed_notes, review, stigma

__all__ = ["Field", "Finding", "FindingKind", "Place", "proposed_notes", "review", "stigma"]

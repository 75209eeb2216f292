"""Directories of peer groups that programs already have: read, kept apart from what anybody may see, and kept up.

`read.py` opens a file or folder and finds the reader of its format (`meeting_guide`, `bmlt`, `naws`, `hsds`,
`calendar`, `sheet`); each reader makes a `Listing` of a record, or a refusal with its place and reason. `collapse` puts
the days of one group together, `intake` stores them, `times` knows when they meet, `calendar_out` writes
it for a person's own calendar. Nothing is silently dropped.
"""

"""The store on SQLAlchemy Core, put together from its parts: each method is where its name's subject is.

`stories` (the gate, passages, samples, leaving), `custody` (submission, reviews, publication), `people`, `counts`,
`listings` (groups of directories), `wrong` (what readers told of them), `moving`, `files` (the scrub) with `backups`.
See `corpus.store.contract.Store` for what each method promises.
"""

from __future__ import annotations

from corpus.store.counts import CountRows
from corpus.store.custody import CustodyRows
from corpus.store.files import FileCare
from corpus.store.listings import ListingRows
from corpus.store.moving import MovingRows
from corpus.store.people import PeopleRows
from corpus.store.wrong import WrongRows


class SqlStore(CustodyRows, PeopleRows, CountRows, ListingRows, WrongRows, MovingRows, FileCare):
    """Stories in a SQLite file that several processes may use together."""

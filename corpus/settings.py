"""What the collection needs to know, from the environment. `index` and `assistant` add their own settings to these.

Every setting is an environment variable `SHARED_JOURNEY_<NAME>` (or a line in a file `.env` in the working folder).
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from corpus.errors import ScrubBlocked, SettingsWrong
from corpus.samples.load import load_samples
from corpus.store import Store, open_store


class CorpusSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SHARED_JOURNEY_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(default=Path("data"), description="Folder of the database. Made if it is not there.")
    database: str = Field(default="", description="Database address; empty: a SQLite file in the data folder.")
    samples: bool = Field(default=True, description="Whether the sample stories and groups are shown.")
    cooling_off_hours: float = Field(
        default=72, ge=0, le=24 * 90, description="Hours after a story was sent before it can be published."
    )
    backup_days: int = Field(default=30, ge=1, le=365, description="Days after which a backup is deleted.")
    wording: Path | None = Field(
        default=None, description="Folder of the program's own consent wordings; empty: those that come with it."
    )
    counts: bool = Field(
        default=True,
        description="Whether it is counted, per week, how often a story was shown, opened and answered in which way, "
        "which themes people say are missing, how often help was called for and which kind of it was pressed; never "
        "who or when.",
    )

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{(self.data / 'journey.db').absolute().as_posix()}"

    @classmethod
    def read(cls, **given: object) -> Self:
        """Settings from the environment; `given` wins. SettingsWrong with one line that names the variable."""
        try:
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            first = error.errors()[0]
            name = "SHARED_JOURNEY_" + str(first["loc"][0] if first["loc"] else "").upper()
            raise SettingsWrong(f"The setting {name} cannot be used: {first['msg']}.") from error
        except SettingsError as error:  # a list that is not JSON
            raise SettingsWrong(f"A setting cannot be read: {error}.") from error


def open_corpus(settings: CorpusSettings) -> Store:
    """The database, brought up to date, with the samples of this version unless they are turned off."""
    store = open_store(settings.database_url, samples=settings.samples)
    try:
        if settings.samples:
            load_samples(store)
        if store.scrub_is_due():  # a process was killed between a withdrawal and its scrub, or words were edited
            with contextlib.suppress(ScrubBlocked):  # still due: the next start tries again
                store.scrub()
    except BaseException:
        store.close()
        raise
    return store

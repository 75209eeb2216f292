"""Finding for other people's LangChain programs: a retriever over a Finder. Consent is checked at each call.

from index.retriever import StoryRetriever
retriever = StoryRetriever(finder=finder, count=3)
retriever.invoke("I moved here and know nobody")
"""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from corpus.types import Provenance, Purpose
from index.find import Finder
from index.query import Query

# A passage that goes into another program is quoted away from its story, and usually read by a model.
PURPOSES = frozenset({Purpose.SURFACE, Purpose.QUOTE, Purpose.MODEL})


class StoryRetriever(BaseRetriever):
    """Documents are whole passages, word for word, of stories whose consent allows quoting and reading by a model.

    [] when no such story is close.

    `metadata` holds id, title, narrator, part, score and whether the story is a sample. Show a passage with its
    narrator's name, and fetch it again before each use: a story can leave at any moment.
    """

    finder: Any  # a Finder; pydantic would otherwise need a schema for it
    count: int = 3

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        finder: Finder = self.finder
        return [
            Document(
                page_content=match.passage,
                metadata={
                    "id": match.story.id,
                    "title": match.story.title,
                    "narrator": match.story.narrator,
                    "part": match.span.part.value,
                    "score": match.score,
                    "sample": match.story.provenance is Provenance.SAMPLE,
                },
            )
            for match in finder.find(Query(finder.sense(query), count=self.count, purposes=PURPOSES))
            if match.close
        ]

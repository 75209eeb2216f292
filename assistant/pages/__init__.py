"""The web page: all of Gradio is in this folder, and is loaded only when a page is built."""

from __future__ import annotations

from assistant.pages.server import build, listen, serve

__all__ = ["build", "listen", "serve"]

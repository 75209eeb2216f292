"""Gradio's theme: system fonts and nothing fetched. The colours are the tokens of static/page.css.

Gradio's own style sheet reads CSS variables, so page.css sets those variables from our tokens, in one place, for light
and dark; this file only takes away what a theme would bring along.
"""

from __future__ import annotations

import gradio as gr


def calm() -> gr.themes.Base:
    system = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
    return gr.themes.Base(font=system, font_mono=["ui-monospace", "monospace"])

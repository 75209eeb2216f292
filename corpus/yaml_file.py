"""YAML files of this package, read by libyaml where it is there: the same language, ten times faster.

Only for files that come with the package. libyaml ends the whole process on input that is nested very deeply, so what
people bring goes through PyYAML's own reader (`corpus.markdown`, `corpus.wording.file`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """What a file holds, as plain values. OSError and yaml.YAMLError when it cannot be read."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)

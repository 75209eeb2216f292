"""The rules of the house: the hill, the doors, what is imported when, and that the README's words are true."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = {"corpus": 0, "index": 1, "assistant": 2, "app": 3}  # a module may import its own floor and those below
# What the program is compared with: scripts for another Python, which nothing of it imports.
PEERS = "index/bench/contenders/"
# One library, one room.
DOORS = {
    "gradio": ("assistant/pages/",),
    "gradio_client": (),
    "fastapi": ("assistant/pages/",),
    "starlette": ("assistant/pages/",),
    "uvicorn": ("assistant/pages/",),
    "jinja2": ("assistant/pages/",),
    "langchain": ("assistant/voice.py",),
    "langchain_core": ("index/retriever.py",),
    "langchain_community": (PEERS,),
    "txtai": (PEERS,),
    "chromadb": (PEERS,),
    "lancedb": (PEERS,),
    "pyarrow": (PEERS,),
    "haystack": (PEERS,),
    "sqlite_vec": (PEERS,),
    "pysqlite3": (PEERS,),
    "sqlalchemy": ("corpus/store/", "corpus/migrations/"),
    "alembic": ("corpus/store/", "corpus/migrations/"),
    "faiss": ("index/nearest/", PEERS),
    "bm25s": (),  # only what tests compare with
    "Stemmer": ("index/terms.py",),
    "ir_measures": ("index/evaluation/measures.py",),
    "sentence_transformers": ("index/embed.py", PEERS),
    "transformers": ("index/embed.py",),
    "torch": ("index/embed.py", PEERS),
    "onnx": ("index/onnx_graph.py",),
    "safetensors": ("index/onnx_graph.py",),
    "onnxruntime": ("index/onnx_embed.py",),
    "tokenizers": ("index/onnx_embed.py",),
    "py3langid": ("assistant/language.py",),
    "babel": ("assistant/words/local.py",),
    "sqlite3": ("corpus/store/", PEERS),
    "argon2": ("corpus/hashing.py",),
    "icalendar": ("corpus/groups/calendar.py", "corpus/groups/calendar_out.py"),
    "openpyxl": ("corpus/imports/tables.py",),
    "requests": (),
    "httpx": (),
    "urllib.request": (),
    "pickle": (),
    "sklearn": ("assistant/care/training.py",),
    "scipy": ("assistant/care/training.py",),
}
SOURCES = sorted(
    path for top in ("app.py", "assistant", "corpus", "index") for path in ([ROOT / top] if top.endswith(".py") else (ROOT / top).rglob("*.py"))
)  # fmt: skip


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere, relative imports resolved."""
    package = list(path.relative_to(ROOT).with_suffix("").parts)[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            found.add(".".join([*base, *([node.module] if node.module else [])]))
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nobody_imports_up_the_hill(path: Path) -> None:
    own = FLOORS[path.relative_to(ROOT).parts[0].removesuffix(".py")]
    for module in imports(path):
        floor = FLOORS.get(module.split(".")[0])
        assert floor is None or floor <= own, f"{path.name} imports {module}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_each_library_has_its_door(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    for module in imports(path):
        for library, rooms in DOORS.items():
            if module == library or module.startswith(library + "."):
                assert where.startswith(rooms) if rooms else False, f"{where} imports {module}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_contenders_and_the_program_do_not_import_each_other(path: Path) -> None:
    modules = imports(path)
    if path.relative_to(ROOT).as_posix().startswith(PEERS):
        assert not {module.split(".")[0] for module in modules} & FLOORS.keys()
    else:
        assert not [module for module in modules if module.startswith("index.bench.contenders")]


HEAVY = ("gradio", "fastapi", "langchain", "langchain_core", "sentence_transformers", "transformers", "torch", "onnx", "onnxruntime", "tokenizers", "faiss", "sqlalchemy", "alembic", "py3langid", "argon2", "openpyxl", "bm25s", "Stemmer", "ir_measures", "babel")  # fmt: skip


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("import corpus.types, corpus.vocabulary, corpus.errors", set()),
        ("import corpus.__main__", set()),
        ("import index.__main__", set()),
        ("import assistant.__main__", set()),
        ("import assistant.care, assistant.words, assistant.understand, assistant.conversation", set()),
        ("import assistant.voice, assistant.turn, assistant.cards, assistant.settings", set()),
        (
            "import index.find, index.passages, index.embed, index.themes, index.nearest, index.lexical, index.collection",
            set(),
        ),
        ("import assistant.pages", set()),
        ("import app", set()),
        ("from corpus.store import open_store; open_store('sqlite:///{tmp}/a.db')", {"sqlalchemy", "alembic"}),
        ("import sys, corpus.__main__ as m; m.main(['list', '--json'])", {"sqlalchemy", "alembic"}),
        ("import sys, assistant.__main__ as m; m.main(['screen', '--rules-only', 'hello'])", set()),
    ],
)
def test_heavy_libraries_are_imported_only_when_needed(code: str, allowed: set[str], tmp_path: Path) -> None:
    program = f"{code.format(tmp=tmp_path.as_posix())}\nimport sys, json\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SHARED_JOURNEY_DATA": str(tmp_path)},
    )
    assert set(json.loads(done.stderr.splitlines()[-1])) <= allowed


def test_an_up_to_date_database_opens_without_alembic(tmp_path: Path) -> None:
    code = f"from corpus.store import open_store\nopen_store('sqlite:///{tmp_path.as_posix()}/a.db').close()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    again = subprocess.run(
        [sys.executable, "-c", code + "\nimport sys\nprint('alembic' in sys.modules)"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert again.stdout.strip() == "False"


def test_looking_at_the_list_again_imports_only_what_a_list_needs(tmp_path: Path) -> None:
    code = "import sys, corpus.__main__ as m; m.main(['list']); print(*sys.modules)"
    env = {**os.environ, "SHARED_JOURNEY_DATA": str(tmp_path)}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True, env=env
        )
    assert "205 stories" in done.stdout or " stories: " in done.stdout
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"alembic", "numpy", "rich", "corpus.groups.read", "corpus.imports"}


# --- README -------------------------------------------------------------------------------------------------------

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_to_change_x_open_y_names_files_that_exist() -> None:
    table = README.split("## To change X, open Y")[1].split("\n## ")[0]
    paths = [
        path
        for row in table.splitlines()
        if row.startswith("| ")
        for path in re.findall(r"`([\w./<>-]+)`", row.split("|")[2])
    ]
    assert len(paths) > 15
    for path in paths:
        assert list(ROOT.glob(path.replace("<lang>", "*"))), path


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    from assistant.settings import Settings

    table = README.split("## Settings")[1].split("\n## ")[0]
    rows = {m[1]: m[0] for m in re.finditer(r"^\| `SHARED_JOURNEY_(\w+)` \|.*$", table, re.MULTILINE)}
    assert set(rows) == {name.upper() for name in Settings.model_fields} | {"CHROMIUM"}
    for name, field in Settings.model_fields.items():
        assert field.description
        assert field.description.replace("`", "") in rows[name.upper()].replace("`", "").replace("\\|", "|"), name


def test_every_command_in_the_readme_exists() -> None:
    commands = set(re.findall(r"python -m (assistant|corpus|index) ([\w-]+)", README))
    assert len(commands) >= 6
    for module, verb in commands:
        done = subprocess.run(
            [sys.executable, "-m", module, verb, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (module, verb, done.stderr)
    for target in set(re.findall(r"`make ([\w-]+)", README)):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_every_picture_and_link_in_the_docs_is_there() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_packages_are_all_listed() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(project["tool"]["setuptools"]["packages"])
    there = {
        ".".join(path.parent.relative_to(ROOT).parts) for top in ("assistant", "corpus", "index") for path in (ROOT / top).rglob("__init__.py")
    }  # fmt: skip
    assert listed == there


def test_every_dependency_is_pinned() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [
        re.split(r"[<>=\[;]", d)[0].lower() for d in project["dependencies"] + project["optional-dependencies"]["dev"]
    ]
    pins = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    assert [n for n in names if n not in pins and n.replace("-", "_") not in pins] == []


# Functions that keep what they were given as texts: of our own files, of settings, or of public directories of groups.
KEEP_TEXTS = {
    "assistant/care/help.py": {"countries"},
    "assistant/care/phrases.py": {"_word"},
    "assistant/pages/groups.py": {"words_for_scripts"},
    "assistant/pages/render.py": {"version_of"},
    "assistant/pages/routes.py": {"packed", "words_for_scripts"},
    "assistant/words/__init__.py": {"_load"},
    "assistant/words/local.py": {"_locale"},
    "corpus/groups/codes/__init__.py": {"book", "plain_word", "unexplained"},
    "corpus/groups/columns.py": {"_names_of"},
    "corpus/groups/hours.py": {"may_mean", "zone"},
    "corpus/groups/meeting_guide.py": {"_field"},
    "corpus/groups/weekdays.py": {"_days", "day_of_word"},
    "corpus/types.py": {"zone_of"},
    "corpus/wording/file.py": {"_read"},
}


def keeps_texts(path: Path) -> set[str]:
    """Functions of a file whose answers are kept by a text that they were given."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and any("cache" in ast.unparse(d) for d in node.decorator_list):
            given = [ast.unparse(a.annotation) for a in node.args.args if a.annotation]
            found |= {node.name} if any("str" in one for one in given) else set()
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_cache_holds_words_of_a_person(path: Path) -> None:
    """What somebody wrote, or told in a story, would stay in memory after it was forgotten or taken back."""
    assert keeps_texts(path) == KEEP_TEXTS.get(path.relative_to(ROOT).as_posix(), set())

"""Looking for words that must be nowhere: in every file of some folders, and in what travelled between a browser and the program.

`traces` finds a word as it is, as UTF-16, percent-encoded, inside base64 at each of its three offsets, and in what is
packed with gzip or zlib. Words are single and unusual, so that a file that packs in another way (LevelDB) still has
them as letters.
"""

from __future__ import annotations

import base64
import contextlib
import re
import select
import socket
import socketserver
import threading
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote


def shapes(word: str) -> dict[str, bytes]:
    """How a word may stand in a file."""
    raw = word.encode()
    found = {
        "as it is": raw,
        "UTF-16": word.encode("utf-16-le"),
        "percent": quote(word).encode(),
        "every letter percent": "".join(f"%{byte:02X}" for byte in raw).encode(),
    }
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + raw + b"\0" * 3)
        # only the letters that the word alone decides, whatever stands before and after it
        found[f"base64, {offset}"] = whole[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
    return found


def unpacked(data: bytes) -> Iterator[bytes]:
    """The bytes, and what is packed anywhere in them."""
    yield data
    for head in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", data):
        pack = zlib.decompressobj(31 if head.group().startswith(b"\x1f") else 15)
        with contextlib.suppress(zlib.error):
            yield pack.decompress(data[head.start() :], 4_000_000)


def traces(words: Iterable[str], folders: Iterable[Path]) -> list[str]:
    """Where in these folders (or files) a word is, in a name or in what is inside: ["file: word (shape)"]."""
    wanted = [(word, how, shape) for word in words for how, shape in shapes(word).items()]
    found = []
    for folder in folders:
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
            found += [f"name of {path}" for word, _, _ in wanted if word in path.name]
            try:
                data = path.read_bytes()
            except OSError:  # a folder, a socket, or gone meanwhile
                continue
            for piece in unpacked(data):
                found += [f"{path}: {word} ({how})" for word, how, shape in wanted if shape in piece]
    return sorted(set(found))


class Between(socketserver.ThreadingTCPServer):
    """A loopback port that passes everything on to the program and remembers what the browser sent, byte for byte."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        host, port = address.removeprefix("http://").split(":")
        self.to = (host, int(port))
        self.sent: list[bytes] = []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def heads(self) -> list[str]:
        """The first line and the Referer of every request. Bodies are not looked at: words travel in them."""
        lines = re.findall(
            rb"(?im)^(?:(?:GET|POST|HEAD|OPTIONS) \S+ HTTP/1\.1|referer:[^\r\n]*)", b"\n".join(self.sent)
        )
        return [line.decode("latin-1") for line in lines]


class _Passing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Between)
        spoken = b""
        with socket.create_connection(server.to) as there:
            ends = {self.request: there, there: self.request}
            with contextlib.suppress(OSError):
                while True:
                    for end in select.select(list(ends), [], [])[0]:
                        piece = end.recv(65536)
                        if not piece:
                            raise OSError
                        if end is self.request:
                            spoken += piece
                        ends[end].sendall(piece)
        server.sent.append(spoken)

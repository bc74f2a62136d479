"""What changed between two versions of a text, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_WORDS = re.compile(r"\n|[^\S\n]+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A part of the text: in both versions (``same``), only in the older (``removed``) or only in the newer (``added``)."""

    kind: Literal["same", "removed", "added"]
    text: str


def redline(older: str, newer: str) -> list[Piece]:
    """The pieces that both texts consist of, in order.

    Those that are not ``added`` put together give the older text exactly, those that are not ``removed`` the newer.
    """
    pieces: list[Piece] = []
    before, after = older.splitlines(keepends=True), newer.splitlines(keepends=True)
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            _put(pieces, "same", "".join(before[i:j]))
        else:
            _by_words(pieces, "".join(before[i:j]), "".join(after[k:m]))
    return pieces


def _by_words(pieces: list[Piece], older: str, newer: str) -> None:
    before, after = _split(older), _split(newer)
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            _put(pieces, "same", "".join(before[i:j]))
        else:
            _put(pieces, "removed", "".join(before[i:j]))
            _put(pieces, "added", "".join(after[k:m]))


def _split(text: str) -> list[str]:
    return _WORDS.findall(text)


def _put(pieces: list[Piece], kind: Literal["same", "removed", "added"], text: str) -> None:
    if not text:
        return
    if pieces and pieces[-1].kind == kind:
        text = pieces.pop().text + text
    pieces.append(Piece(kind, text))

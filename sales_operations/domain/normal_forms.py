"""Names, addresses and numbers brought into the form in which two spellings of the same thing are equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LEGAL_FORMS = frozenset(
    (
        *("inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "lp", "ltd", "limited", "plc"),
        *("gmbh", "mbh", "ag", "kg", "kgaa", "ohg", "gbr", "ug", "ev", "eg", "se", "sa", "sas", "sarl", "srl", "spa", "snc"),
        *("bv", "nv", "cv", "vof", "oy", "oyj", "ab", "as", "asa", "aps", "hf", "ehf", "pty", "pte", "kk", "sdn", "bhd"),
        *("sl", "slu", "ltda", "lda", "sro", "doo", "kft", "zrt", "zoo", "spzoo", "ooo", "pvt"),
    )
)  # fmt: skip
"""Words at the end of a company's name that say what kind of company it is."""

_DOTTED = re.compile(r"\b(?:\w\.){2,}|\b\w(?:/\w)+\b")
_WORD = re.compile(r"[^\W_]+")
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^@/?#]*@)?(?:www\.)?([^/?#:\s]+)", re.IGNORECASE)
_UNWRITTEN = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "&": " and ", "+": " and "})
_SPOKEN_ALIKE = str.maketrans({"c": "k", "q": "k", "z": "s", "v": "f", "w": "f", "y": None} | dict.fromkeys("aeiouh"))
_EXTENSION = re.compile(r"ext|x|#", re.IGNORECASE)
_POLISH = re.compile(r"\bsp\.? *z *\.?o\.? *o\b\.?")
_DIGIT = re.compile(r"\d")
_REPEATED = re.compile(r"(.)\1+")
_PHONE_DIGITS = 9
"""What is left of a number without country code and leading zeros is compared by its last digits."""
_SHORTEST_PHONE = 7

FREE_MAIL = frozenset(
    (
        *("gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "ymail.com", "hotmail.com"),
        *("hotmail.co.uk", "hotmail.fr", "outlook.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com", "aol.com"),
        *("gmx.de", "gmx.net", "gmx.com", "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.com", "mail.ru"),
        *("yandex.ru", "yandex.com", "proton.me", "protonmail.com", "pm.me", "zoho.com", "fastmail.com", "tutanota.com"),
        *("qq.com", "163.com", "126.com", "sina.com", "naver.com", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net"),
        *("libero.it", "btinternet.com", "comcast.net", "verizon.net", "att.net", "bluewin.ch"),
    )
)  # fmt: skip
"""Domains that give anybody an address: a person there says nothing about a company."""


def _plain(text: str) -> str:
    """Small letters without accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded.replace("&", " and ").replace("+", " and ")
    apart = unicodedata.normalize("NFKD", folded.translate(_UNWRITTEN))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@lru_cache(maxsize=65_536)
def company_words(name: str | None) -> tuple[str, ...]:
    """The words of a company's name, without accents, punctuation and legal form; a name of legal forms alone keeps them.

    >>> company_words("The Müller & Söhne GmbH & Co. KG")
    ('muller', 'and', 'sohne')
    """
    if not name:
        return ()
    plain = _POLISH.sub("spzoo", _plain(name.replace("'", "").replace("’", "")))
    text = _DOTTED.sub(lambda found: found[0].replace(".", "").replace("/", ""), plain)
    words = _WORD.findall(text)
    kept = list(words)
    while kept and (kept[-1] in _LEGAL_FORMS or (kept[-1] == "and" and len(kept) < len(words))):
        kept.pop()
    if len(kept) > 1 and kept[0] == "the":
        kept = kept[1:]
    return tuple(kept or words)


def person_words(*names: str | None) -> tuple[str, ...]:
    """The words of a person's name, in the order of the alphabet: which of them comes first differs from list to list."""
    return tuple(sorted(_WORD.findall(_plain(" ".join(name for name in names if name)))))


@lru_cache(maxsize=65_536)
def sound(word: str) -> str:
    """A word without what is most often misspelt: its vowels, doubled letters, and letters that sound alike."""
    if _DIGIT.search(word):
        return word
    return _REPEATED.sub(r"\1", word[:1] + word[1:].translate(_SPOKEN_ALIKE))


def email(address: str | None) -> str | None:
    """An address as the mailbox that it reaches: small letters, no tag after ``+``; None for what is no address."""
    if not address:
        return None
    local, at, host = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0]
    if not at or not local or "." not in host:
        return None
    if host in ("gmail.com", "googlemail.com"):
        local, host = local.replace(".", ""), "gmail.com"
    return f"{local}@{host}"


def domain(*places: str | None) -> str | None:
    """The host of the first of these web or e-mail addresses that names one, without ``www.``."""
    for place in places:
        if place and (found := _HOST.match(place.strip().casefold())):
            host = found[1].strip(".")
            if "." in host:
                return host
    return None


def phone(number: str | None) -> str | None:
    """The last digits of a telephone number, the same however country code and blanks are written; None for too few."""
    if not number:
        return None
    own = _EXTENSION.split(number, maxsplit=1)[0].replace("(0)", "")
    digits = "".join(letter for letter in own if letter.isdigit())
    return digits[-_PHONE_DIGITS:] if len(digits) >= _SHORTEST_PHONE else None

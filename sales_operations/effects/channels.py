"""The ways out: the console, webhooks, and through Apprise e-mail, Slack, Teams and many more."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import orjson

from sales_operations.domain.clock import Clock, iso
from sales_operations.effects import webhooks
from sales_operations.effects.addresses import resolve
from sales_operations.effects.failure import DeliveryFailed, Undeliverable
from sales_operations.effects.routing import CONSOLE, WEBHOOK, kind_of, resolved
from sales_operations.settings.notifications import ChannelSettings

_MAIL = ("mailto", "mailtos")


@dataclass(frozen=True)
class Letter:
    """What is sent. ``identity`` and the texts are the same at every attempt; ``attempt`` counts from 1.

    ``email`` is the person's address, None where none is known; ``change`` is what happened to the deal, with ``previous``
    and ``values`` by field, None where nothing did.
    """

    identity: str
    event: str
    recipient: str
    email: str | None
    subject: str
    message: str
    opportunity_id: str | None
    created_at: int
    attempt: int
    change: Mapping[str, Any] | None = None


Send = Callable[[Letter], None]
"""Sends one letter. Raises DeliveryFailed, or Undeliverable where another attempt would change nothing."""


def opened(name: str, channel: ChannelSettings, environ: Mapping[str, str], clock: Clock) -> Send:
    """The channel, ready to send. Raises DeliveryFailed where an environment variable that it needs is not set."""
    url = _value(name, "url", channel.url.get_secret_value(), environ)
    secret = None if channel.secret is None else _value(name, "secret", channel.secret.get_secret_value(), environ)
    kind = kind_of(url)
    if kind == CONSOLE:
        return _print
    if kind == WEBHOOK:
        return lambda letter: webhooks.post(
            url, payload(letter), letter.identity, letter.attempt, int(clock().timestamp()), secret,
            channel.private_network,
        )  # fmt: skip
    return lambda letter: _by_apprise(url, channel.private_network, letter)


def _value(name: str, key: str, given: str, environ: Mapping[str, str]) -> str:
    value = resolved(given, environ)
    if not value:
        raise DeliveryFailed(
            f"the environment variable {given.removeprefix('env:')} for {key} of channel {name} is not set"
        )
    return value


def _print(letter: Letter) -> None:
    """To standard error: standard output belongs to what a command was asked for."""
    sys.stderr.write(f"[{letter.identity}] to {letter.recipient}: {letter.subject}: {letter.message}\n")


def payload(letter: Letter) -> bytes:
    """The body of a webhook: JSON that is the same at every attempt."""
    data = {
        "recipient": letter.recipient,
        "subject": letter.subject,
        "message": letter.message,
        "opportunity_id": letter.opportunity_id,
        "change": letter.change,
    }
    body = {"id": letter.identity, "type": letter.event, "timestamp": iso(letter.created_at), "data": data}
    return orjson.dumps(body)


def _by_apprise(url: str, private_allowed: bool, letter: Letter) -> None:
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it would tell addresses and parts of URLs
    target = url
    if url.partition(":")[0].casefold() in _MAIL:
        target = _addressed(url, letter)
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="sales-operations", async_mode=False))
    if not sender.add(target):
        raise DeliveryFailed("the URL is none that Apprise understands")
    for service in sender:
        host = getattr(service, "smtp_host", None) or getattr(service, "host", None)
        if host:
            resolve(host, getattr(service, "port", None) or 443, private_allowed)
    text = f"{letter.message}\n\n-- \nEvent {letter.identity}"
    if not sender.notify(body=text, title=letter.subject, body_format=apprise.NotifyFormat.TEXT):
        raise DeliveryFailed("the service did not accept the message")


def _addressed(url: str, letter: Letter) -> str:
    """The URL of a mail server with the recipient's address, unless it names its own, and the event's id as a header."""
    query = urlsplit(url).query
    added = [("+X-Event-ID", letter.identity), ("+Idempotency-Key", letter.identity)]
    if "to" not in parse_qs(query):
        if letter.email is None:
            raise Undeliverable("no e-mail address is known for the recipient")
        added.insert(0, ("to", letter.email))
    joint = "&" if "?" in url else ("?" if url.rstrip("/") != url else "/?")
    return url + joint + "&".join(f"{name}={quote(value, safe='')}" for name, value in added)

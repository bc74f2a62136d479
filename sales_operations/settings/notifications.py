"""Keys of ``notifications``: by which channels people and programs are told, of what, and when."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from sales_operations.settings.base import Expect, Section, Several, Text
from sales_operations.settings.organisation import Zone
from sales_operations.settings.pipelines import Words

EVERY = "*"
"""Any event, in a route; any event without a template of its own, among the templates."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _secret(value: SecretStr) -> SecretStr:
    # No other constraint stands here: a message about one would show what was given.
    if not value.get_secret_value().strip():
        raise ValueError("is empty; write it down, or env:NAME for the environment variable that holds it")
    return value


def _channel_url(value: SecretStr) -> SecretStr:
    text = _secret(value).get_secret_value()
    if ":" not in text or not text.partition(":")[0].replace("+", "").isalnum():
        raise ValueError("is no URL; it begins with console:, https://, mailtos:// or another service, or is env:NAME")
    return value


def _time_of_day(text: str) -> str:
    try:
        time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is not a time of day such as 20:00") from None
    return text


ChannelUrl = Annotated[SecretStr, AfterValidator(_channel_url), Expect("a URL, or env:NAME")]
Secret = Annotated[SecretStr, AfterValidator(_secret), Expect("a secret, or env:NAME")]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day), Expect("a time of day such as 20:00, in quotes")]
Template = Annotated[str, Field(min_length=1, max_length=20_000), Expect("the text of a template")]


class ChannelSettings(Section):
    """One way out."""

    url: ChannelUrl = Field(
        description="Where it leads: `console:`, an `https://` address that takes webhooks, or an Apprise URL such as "
        "`mailtos://user:password@host?from=…`. `env:NAME` reads it from an environment variable."
    )
    secret: Secret | None = Field(
        default=None,
        description="What webhooks are signed with; without it, they are not. `env:NAME` is possible here too.",
    )
    private_network: bool = Field(
        default=False, description="The address may lie in a private network or on this machine."
    )

    @model_validator(mode="before")
    @classmethod
    def _no_bare_url(cls, given: Any) -> Any:
        if isinstance(given, str):  # the usual message would show it, and what it may hold
            raise ValueError("is a text; a channel has keys: put its URL below it, as url")
        return given


class RouteSettings(Section):
    """What leaves by which channels."""

    events: Words | None = Field(default=None, description="The events; without them, every one.")
    channels: Words = Field(description="The channels that tell of them.")
    to: Words | None = Field(
        default=None, description="E-mail addresses of users who are told instead of the notification's recipient."
    )
    digest: Literal["daily", "weekly"] | None = Field(
        default=None, description="Collected for each person, and sent once a day or a week."
    )

    def matches(self, event: str) -> bool:
        """Whether an event goes this way."""
        return self.events is None or event in self.events or EVERY in self.events


class TemplateSettings(Section):
    """The texts of one event."""

    subject: Template | None = Field(default=None, description="The subject; without it, the built-in one.")
    message: Template | None = Field(default=None, description="The message; without it, the built-in one.")


class QuietHours(Section):
    """When nobody is disturbed: messages to persons wait until it is over. Webhooks and the console do not."""

    begin: TimeOfDay | None = Field(default=None, description="When the quiet begins, such as `20:00`.")
    end: TimeOfDay | None = Field(default=None, description="When it ends, such as `07:00`.")
    weekends: bool = Field(default=False, description="Saturdays and Sundays are quiet all day.")
    timezone: Zone | None = Field(default=None, description="The time zone of both; without it, the company's.")

    @model_validator(mode="after")
    def _both(self) -> QuietHours:
        if (self.begin is None) != (self.end is None):
            raise ValueError("the quiet has a begin and an end; give both, or none")
        if self.begin and self.end and time.fromisoformat(self.begin) == time.fromisoformat(self.end):
            raise ValueError(f"begin and end are both {self.begin}; give two different times")
        return self


class Digests(Section):
    """When digests are sent."""

    hour: int = Field(default=8, ge=0, le=23, description="The hour of the day, in the time zone of the quiet hours.")
    weekday: Weekday = Field(default="monday", description="The day of the weekly ones.")


class Notifications(Section):
    """What is told to whom beside the inbox, where everything stands."""

    channels: Annotated[dict[Text, ChannelSettings], Expect("channels by their names")] | None = Field(
        default=None,
        description="The ways out of the program, by name, each with a `url` and, where needed, `secret` and "
        "`private_network`. Without any, notifications stay in the inbox.",
    )
    routes: Annotated[Several[RouteSettings], Expect("a list of routes")] | None = Field(
        default=None,
        description="What goes where: each with `channels` and, where needed, `events`, `to` and `digest`. Without any, "
        "every event goes to every channel.",
    )
    templates: Annotated[dict[Text, TemplateSettings], Expect("templates by event")] | None = Field(
        default=None,
        description="Own texts by event (`*` for the others), each with `subject` or `message`; docs/notifications.md "
        "lists what may stand in them.",
    )
    quiet_hours: QuietHours = QuietHours()
    digests: Digests = Digests()
    retry_seconds: int = Field(
        default=30,
        ge=1,
        le=3600,
        description="Seconds until the second attempt of a delivery; the wait doubles each time, up to an hour.",
    )

    @model_validator(mode="after")
    def _known_channels(self) -> Notifications:
        for route in self.routes or ():
            for name in route.channels:
                if name not in (self.channels or {}):
                    known = ", ".join(self.channels or {}) or "none is defined"
                    raise ValueError(f"a route names the channel {name[:60]!r}, which is not under channels ({known})")
        return self

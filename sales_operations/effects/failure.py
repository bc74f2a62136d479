"""Why a message did not leave, in words that name no secret and no person."""

from __future__ import annotations


class DeliveryFailed(Exception):
    """A receiver could not be reached, or did not accept a message; it is tried again later."""


class Undeliverable(Exception):
    """There is nobody to deliver to, so that another attempt would change nothing."""

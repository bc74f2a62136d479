"""The configuration: every key typed, read from YAML and environment, checked as a whole before anything runs."""

from __future__ import annotations

from sales_operations.settings.describe import Row, describe
from sales_operations.settings.load import load, validate
from sales_operations.settings.pending import NO_EFFECT_YET
from sales_operations.settings.schema import Settings

__all__ = ["NO_EFFECT_YET", "Row", "Settings", "describe", "load", "validate"]

"""The base class of all settings."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """No unknown key, no conversion of types."""

    # example of the section as JSON, for messages
    EXAMPLE: ClassVar[str] = "{}"

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

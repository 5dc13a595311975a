"""The space of a search: each setting of a model can have a range or a list of choices."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model, model_validator

from bioseqrnn.config.checks.ranges import range_problem
from bioseqrnn.config.strict import Strict

# settings that decide how trials are scored and computed must be the same in all trials
NOT_SEARCHED = ("monitor", "precision")


def _no_default(schema: dict[str, Any]) -> None:
    """Leave the default out of the JSON schema.

    Snakemake would insert it whenever it tries the schema, even if the value is a list or null and
    matches another of several schemas.
    """
    schema.pop("default", None)


class Range(Strict):
    """Numbers from ``low`` to ``high``, both included."""

    low: float
    high: float
    log: bool = Field(
        False, description="Draw on a logarithmic scale.", json_schema_extra=_no_default
    )

    @model_validator(mode="after")
    def _check(self) -> Range:
        problem = range_problem(self.low, self.high, self.log)
        if problem:
            raise ValueError(problem)
        return self


def search_space(model: type[BaseModel]) -> type[BaseModel]:
    """Make the schema of a search space from that of a model's settings, with the same limits.

    Numbers can have a range or a list of choices. All other settings can have only choices, and so
    can numbers for which not every value of a range would be allowed.
    """
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if name in NOT_SEARCHED:
            continue
        kind: Any = field.annotation
        extra: Any = field.json_schema_extra
        value: Any = Annotated[kind, *field.metadata, Field(json_schema_extra=extra)]
        kinds: Any = (
            Annotated[list[value], Field(min_length=1, json_schema_extra={"uniqueItems": True})]
            | None
        )
        if kind in (int, float) and not extra:
            kinds |= create_model(
                "".join(part.capitalize() for part in name.split("_")) + "Range",
                __base__=Range,
                __doc__=Range.__doc__,
                low=(value, Field(description="Smallest value.")),
                high=(value, Field(description="Largest value.")),
            )
        meaning = f"Setting of `models`: {(field.description or '').split(':')[0].split('. ')[0]}"
        about = meaning.rstrip(".") + "."
        fields[name] = (kinds, Field(None, description=about, json_schema_extra=_no_default))
    space: type[BaseModel] = create_model(
        "SearchSpace",
        __base__=Strict,
        __doc__="Settings of a model to search, like `hidden_size: {low: 16, high: 128, log: true}`"
        " or `stem_width: [7, 11, 15]`.\n\nA setting that is left out stays as it is under "
        "`models`.",
        **fields,
    )
    return space

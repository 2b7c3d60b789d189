"""What the sections of params.yaml are made of: their base, and the types of their values."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
Size = Annotated[int, Field(ge=0)] | None
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Dollars = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """A part of params.yaml: unknown keys, wrong types and numbers without an end are errors.

    A field's description says what it means, in which unit, and which values are legal; the README's table is made of
    them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

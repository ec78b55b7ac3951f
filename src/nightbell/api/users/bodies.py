"""What is asked about people."""

from pydantic import BaseModel, ConfigDict, Field


class Everybody(BaseModel):
    """Whom a list of people is to have."""

    model_config = ConfigDict(populate_by_name=True)

    include_removed: bool = Field(False, alias="includeRemoved", description="Whoever has left, too.")

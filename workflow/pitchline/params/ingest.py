"""The parameters of ingest."""

from pydantic import Field

from pitchline.params.quality import Quality
from pitchline.params.types import Section


class Ingest(Section):
    """How raw answers become tables."""

    result_known_after_hours: float = Field(
        gt=1.5, le=24, description="hours after kick-off from which a result counts as known"
    )
    same_match_days: int = Field(
        ge=1,
        le=60,
        description="most days between what two sources take for the date of one match",
    )
    quality: Quality

"""All families, the simplest first."""

from collections.abc import Mapping

from pitchline.train.families import blend, boosted, dixon_coles, logit, stacked
from pitchline.train.families.protocol import Family

FAMILIES: Mapping[str, Family] = {
    module.NAME: module for module in (logit, dixon_coles, boosted, blend, stacked)
}

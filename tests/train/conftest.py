"""The fixture ``project``: see project.py. Properties are not timed: fits take their time."""

from hypothesis import settings

from tests.train.project import project

__all__ = ["project"]

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

"""The fixture ``project``: see tests/train/project.py."""

from tests.train.project import project

__all__ = ["project"]

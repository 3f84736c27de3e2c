"""Errors that a user can act on: each names the file, the field and the fix."""


class PitchlineError(Exception):
    """Base of every expected failure; its text is shown without a traceback."""


class ParamsError(PitchlineError):
    """params.yaml holds an unknown key, a wrong type or a value out of range."""


class ArchiveError(PitchlineError):
    """A raw pack or manifest is missing, truncated or altered."""


class TableError(PitchlineError):
    """A table breaks its schema; nothing was written."""


class ArtifactError(PitchlineError):
    """A model, metrics or pointer file is missing or is not what it claims to be."""


class BridgeError(PitchlineError):
    """DVC's and Snakemake's records can't be brought together as asked."""


class GateError(PitchlineError):
    """A gate is shut: the data are too poor to train on, or no candidate may serve."""


class BackupError(PitchlineError):
    """A backup can't be made, is damaged, or can't be restored as asked."""


class EnvironmentMixUp(PitchlineError):
    """What belongs to one of dev, test and prod was about to be used as another."""


class AlertError(PitchlineError):
    """An alert is not known, can't be kept, or did not come through."""

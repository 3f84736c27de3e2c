"""The parameters of backup: where to, of what, and for how long."""

from typing import Annotated

from pydantic import Field

from pitchline.params.types import Section

Count = Annotated[int, Field(ge=0, le=1000)]


class BackupParts(Section):
    """What is saved; what is not here yet is left out by itself."""

    schedule: bool = Field(description="the ledger of runs, and whatever else the schedule keeps")
    champions: bool = Field(
        description="pointer, decision, challenger, and the files of past champions and rejected"
    )
    mlflow: bool = Field(description="the MLflow store in this folder, and runs not yet sent to it")
    studies: bool = Field(description="fits of the searches, which spare the next search time")
    raw: bool = Field(
        description="the raw archive with its quarantine and journals; false where every run "
        "is recorded and pushed to a DVC remote"
    )
    forecasts: bool = Field(description="the log of forecasts made before kick-off")
    alerts: bool = Field(description="the spool of alerts")
    logs: bool = Field(description="the newest logs of runs, by `backup.run_logs`")


class BackupKeep(Section):
    """Which backups stay: any that one of these asks for."""

    newest: int = Field(ge=1, le=1000, description="the newest backups, however many a day has")
    days: Count = Field(description="days whose newest backup stays")
    weeks: Count = Field(description="weeks, Monday to Sunday in UTC, whose newest backup stays")
    months: Count = Field(description="months whose newest backup stays")


class BackupRunLogs(Section):
    """Which logs of runs are saved: the newest, within both bounds."""

    days: int = Field(ge=1, le=3660, description="days before the newest log")
    megabytes: int = Field(
        ge=1, le=100_000, description="all logs together; one that would go beyond it is left out"
    )


class Backup(Section):
    """Where backups go, what is in them, and which ones stay."""

    folder: str = Field(
        min_length=1,
        description="folder of the backups, relative to the project's or absolute; on another "
        "disk it outlives this one",
    )
    parts: BackupParts
    run_logs: BackupRunLogs
    keep: BackupKeep
    compression_level: int = Field(ge=1, le=19, description="zstd's level")

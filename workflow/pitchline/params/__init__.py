"""The parameters of params.yaml: each with its type, meaning, unit and range."""

from pathlib import Path

from pitchline.params.alerts import Alerts, Route
from pitchline.params.backtest import Backtest
from pitchline.params.backup import Backup
from pitchline.params.challenge import Challenge
from pitchline.params.collect import Acknowledgement, Collect, NetworkSource
from pitchline.params.features import Features
from pitchline.params.ingest import Ingest
from pitchline.params.model import Params, json_schema
from pitchline.params.monitor import (
    DriftMonitor,
    Emergency,
    Monitor,
    PerformanceMonitor,
    QualityMonitor,
)
from pitchline.params.promote import Promote, PromotionGate
from pitchline.params.quality import Quality
from pitchline.params.reading import load, stated_in, validate
from pitchline.params.schedule import Schedule, ScheduledTask, TaskRetries
from pitchline.params.train import Blend, DixonColesSearch, Evaluate, FamilyName, Search, Train

PARAMS_FILE = Path("params.yaml")

__all__ = [
    "PARAMS_FILE",
    "Acknowledgement",
    "Alerts",
    "Backtest",
    "Backup",
    "Blend",
    "Challenge",
    "Collect",
    "DixonColesSearch",
    "DriftMonitor",
    "Emergency",
    "Evaluate",
    "FamilyName",
    "Features",
    "Ingest",
    "Monitor",
    "NetworkSource",
    "Params",
    "PerformanceMonitor",
    "Quality",
    "QualityMonitor",
    "Promote",
    "PromotionGate",
    "Schedule",
    "ScheduledTask",
    "TaskRetries",
    "Route",
    "Search",
    "Train",
    "json_schema",
    "load",
    "stated_in",
    "validate",
]

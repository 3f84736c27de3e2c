"""Where everything stands, relative to the project's folder."""

from pathlib import Path

RAW = Path("data/raw")
COLLECT_STATE = Path("data/state/collect")
RECEIPTS = Path("reports/collect")
SOURCE_TABLES = Path("data/tables/sources")
MATCHES = Path("data/tables/matches.parquet")
TEAM_STATS = Path("data/tables/team_stats.parquet")
QUALITY = Path("data/quality/ingest.json")
FEATURES = Path("data/features/matches.parquet")
CANDIDATE = Path("models/candidate")
STUDY = CANDIDATE / "study.json"
METRICS = CANDIDATE / "metrics.json"
FORECASTS = CANDIDATE / "forecasts.parquet"
RELIABILITY = CANDIDATE / "reliability.csv"
LOG_LOSS_BY_MONTH = CANDIDATE / "log_loss_by_month.csv"
CHAMPION = Path("models/champion.json")
CHAMPIONS = Path("models/champions")
DECISION = Path("models/decision.json")
PREDICTIONS = Path("data/predictions/fixtures.parquet")
PREDICTIONS_CSV = Path("data/predictions/fixtures.csv")
SETTLED = Path("reports/monitoring/settled.json")
COMPETITIONS = Path("workflow/reference/competitions.csv")
TEAMS = Path("workflow/reference/teams.csv")
TRACKED = Path("logs/train/tracked.json")
MLFLOW_STORE = Path("mlruns")

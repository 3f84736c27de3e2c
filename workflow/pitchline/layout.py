"""Where everything stands, relative to the project's folder."""

from pathlib import Path

RAW = Path("data/raw")
COLLECT_STATE = Path("data/state/collect")
RECEIPTS = Path("reports/collect")
SOURCE_TABLES = Path("data/tables/sources")
MATCHES = Path("data/tables/matches.parquet")
TEAM_STATS = Path("data/tables/team_stats.parquet")
MATCH_SOURCES = Path("data/tables/match_sources.parquet")
CONFLICTS = Path("data/tables/conflicts.parquet")
UNRESOLVED = Path("data/tables/unresolved.parquet")
ODDS = Path("data/tables/odds.parquet")
SHOTS = Path("data/tables/shots.parquet")
EVENTS = Path("data/tables/events.parquet")
LINEUPS = Path("data/tables/lineups.parquet")
QUALITY = Path("data/quality/ingest.json")
SCORE = Path("data/quality/score.json")
CHECKS = Path("data/quality/checks.parquet")
FINDINGS = Path("data/quality/findings.parquet")
SNAPSHOTS = Path("data/quality/snapshots.json")
QUALITY_PAGE = Path("data/quality/report.html")
FEATURES = Path("data/features/matches.parquet")
CANDIDATE = Path("models/candidate")
TRAINING_DATA = CANDIDATE / "training_data.json"
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
TEAM_NAMES = Path("workflow/reference/team_names.csv")
SEASONS = Path("workflow/reference/seasons.csv")
TRACKED = Path("logs/train/tracked.json")
MLFLOW_STORE = Path("mlruns")

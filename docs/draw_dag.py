"""Draw the picture of the DAG in README.md anew from the rules (`make pictures`)."""

import re
import subprocess
from pathlib import Path

import networkx as nx

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- dag: made by docs/draw_dag.py -->", "<!-- end of dag -->"
LABELS = {
    "collect_starter": "collect<br>starter archive",
    "ingest_tables": "ingest<br>tables",
    "score_quality": "ingest<br>quality",
    "build_features": "features<br>as of kick-off",
    "check_training_data": "train<br>data gate",
    "tune_model": "train<br>tune",
    "fit_model": "train<br>fit",
    "evaluate_model": "train<br>evaluate",
    "describe_model": "train<br>model card",
    "track_model": "train<br>MLflow",
    "tune_backtest": "backtest<br>tune before the span",
    "run_backtest": "backtest<br>walk forward",
    "score_backtest": "backtest<br>score",
    "decide_promotion": "promote<br>gates, champion",
    "predict_fixtures": "predict<br>next fixtures",
    "settle_predictions": "monitor<br>how they did",
    "monitor_quality": "monitor<br>data quality",
    "monitor_performance": "monitor<br>performance",
    "monitor_drift": "monitor<br>drift",
}


def block() -> str:
    """The Mermaid block: every rule, and the edges that the others don't imply."""
    output = subprocess.run(
        ["snakemake", "--rulegraph", "mermaid-js"],
        cwd=README.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", output, flags=re.MULTILINE))
    graph = nx.DiGraph((names[a], names[b]) for a, b in re.findall(r"(id\d+) --> (id\d+)", output))
    graph.remove_node("all")
    if unnamed := set(graph) - set(LABELS):
        raise SystemExit(f"docs/draw_dag.py: add to LABELS: {', '.join(sorted(unnamed))}")
    edges = sorted(nx.transitive_reduction(graph).edges)
    lines = ["```mermaid", "flowchart LR"]
    lines += [f'    {rule}["{LABELS[rule]}"]' for rule in LABELS if rule in graph]
    lines += [f"    {a} --> {b}" for a, b in edges]
    return "\n".join([*lines, "```"])


def updated(text: str) -> str:
    """README's text with the picture of today's rules."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{block()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(updated(README.read_text(encoding="utf-8")), encoding="utf-8")

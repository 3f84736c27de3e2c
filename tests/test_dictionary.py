import importlib
import pkgutil
from pathlib import Path

import pandera.pandas as pa
import pytest

import pitchline
from pitchline import dictionary
from pitchline.dictionary import NUMBERS, PARTS, allowed, page_text, type_of, unit_of
from pitchline.ingest.tables import Table, column
from tests.conftest import ROOT
from tests.train.project import pitchline as command

MODELS = {path: model for _, files in PARTS.values() for path, model in files.items()}
COLUMNS = {
    f"{path.parent.name}/{path.stem}: {name}": described
    for path, model in MODELS.items()
    for name, described in model.to_schema().columns.items()
}


def row_of(name: str, table: str) -> list[str]:
    """The cells of one column's line on the page."""
    section = page_text().partition(f"\n### {table}\n")[2].partition("\n### ")[0]
    (line,) = [line for line in section.splitlines() if line.startswith(f"| `{name}` ")]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_committed_page_is_the_one_the_models_make() -> None:
    stored = (ROOT / dictionary.PAGE_FILE).read_text(encoding="utf-8")
    assert stored == page_text(), "run `pitchline dictionary`"


def test_the_command_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"{len(COLUMNS)} columns" in command("dictionary").stderr
    assert dictionary.PAGE_FILE.read_text(encoding="utf-8") == page_text()


def test_every_model_of_the_package_stands_on_the_page() -> None:
    for module in pkgutil.walk_packages(pitchline.__path__, "pitchline."):
        if module.name.endswith(("schema", "tables")) or ".tables." in module.name:
            importlib.import_module(module.name)
    found = {*Table.__subclasses__(), *pa.DataFrameModel.__subclasses__()}
    ours = {m for m in found if m.__module__.startswith("pitchline.")} - {Table}
    assert len(ours) >= 20
    assert ours == set(MODELS.values())


def test_every_column_has_a_meaning_and_every_number_a_unit() -> None:
    assert [name for name, each in COLUMNS.items() if not each.description] == []
    number = {name: type_of(each) in NUMBERS for name, each in COLUMNS.items()}
    united = {name: unit_of(each) is not None for name, each in COLUMNS.items()}
    assert number == united
    assert [name for name, each in COLUMNS.items() if number[name] and not allowed(each)] == []


@pytest.mark.parametrize("model", MODELS.values())
def test_every_table_says_what_a_row_is(model: type[pa.DataFrameModel]) -> None:
    assert model.__doc__
    assert f": {model.__doc__.split()[0]} " in page_text()


def test_a_line_tells_what_the_model_checks() -> None:
    assert row_of("attendance", "matches") == [
        "`attendance`", "whole number", "people", "≥ 0, ≤ 300,000", "yes", "spectators",
    ]  # fmt: skip
    assert row_of("match_id", "matches")[1:5] == ["text", "", "each once", ""]
    assert row_of("result", "matches")[3] == "`H` or `D` or `A`"
    assert row_of("difference_points_<n>", "features/matches")[2] == "points a match"
    assert "(home\\|away)_rest_days" in row_of("(home\\|away)_rest_days", "features/matches")[0]


def test_a_tables_own_rules_are_told() -> None:
    page = page_text()
    assert "Refused if: more than one row for the same match and source." in page
    assert "home_team equals away_team; result disagrees" in page


def test_links_lead_to_headings() -> None:
    page = page_text()
    headings = [line.lstrip("# ") for line in page.splitlines() if line.startswith("##")]
    links = [part.partition(")")[0] for part in page.split("](#")[1:]]
    assert links == [dictionary._anchor(heading) for heading in headings]
    assert len(set(links)) == len(links)


def test_a_check_the_page_has_no_words_for_is_no_blank() -> None:
    class Odd(Table):
        """Odd."""

        number: float = column("a number", "things", ne=3)

    with pytest.raises(KeyError, match="not_equal_to"):
        allowed(Odd.to_schema().columns["number"])

from __future__ import annotations

import csv
import json
import math
import re
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
import reports

from diffcli.cli.main import run
from diffcli.errors import FileError
from diffcli.output.answers import answer_of
from diffcli.output.cells import cells, sheet
from diffcli.output.document import Answer, Document, Remarks, Table, written
from diffcli.output.files import check_writable, write_whole
from diffcli.output.formats import FORMATS, View
from diffcli.output.formats import render as render_answer
from diffcli.output.notes import MARKS, marked
from diffcli.output.report import Report, Result
from diffcli.output.text import aligned, ascii_name, number, proved, safe
from diffcli.verdict import Check, Verdict

REPORTS = {name: value for name, value in vars(reports).items() if isinstance(value, Report)}
PIPE = View()


def of(*blocks: Table | Remarks) -> Document:
    return Document(blocks)


def render(name: str, shown: Report | Document, view: View) -> str:
    """Render a report, or a document without data."""
    if isinstance(shown, Report):
        return render_answer(name, answer_of(shown), view)
    return render_answer(name, Answer(reports.QUADRATIC, 0, dict, lambda _: shown), view)


@pytest.fixture(params=REPORTS, ids=str.lower)
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[request.param]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (38.0, None, "38"),
        (-0.0, None, "0"),
        (1 / 3, None, "0.333333333333"),
        (1 / 3, 4, "0.3333"),
        (0.1, 17, "0.10000000000000001"),
        (1.2246467991473532e-16, None, "1.22464679915e-16"),
        (1e300, None, "1e300"),
        (123456789012345.0, None, "123456789012345"),
        (None, None, "—"),
        (math.inf, None, "inf"),
    ],
)
def test_number(value: float | None, digits: int | None, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("enclosure", "digits", "text"),
    [
        (("0.5403023058681397174", "0.54030230586813971741"), 30, "0.5403023058681397174"),
        (("0.5403023058681397174", "0.54030230586813971741"), 18, "0.540302305868139717"),
        (("2", "2"), 30, "2"),
        (("-40", "-40"), 30, "-40"),
        (("1.25e-30", "1.2500001e-30"), 30, "1.25e-30"),
        (("-1", "1"), 30, "0"),
    ],
)
def test_digits_that_an_enclosure_proves(
    enclosure: tuple[str, str], digits: int, text: str
) -> None:
    assert proved(enclosure, digits) == text


def test_aligned_on_the_point() -> None:
    assert aligned(["38", "-0.25", "1e-6", "—"]) == ["38   ", "-0.25", "1e-6", "—   "]


@pytest.mark.parametrize(
    ("notation", "name"),
    [
        ("f′(x)", "f'"),
        ("f″(x)", "f''"),
        ("f‴(x)", "f'''"),
        ("∂²f/∂x∂y", "d2f/dxdy"),
        ("∂³f/∂x∂y²", "d3f/dxdy2"),
        ("f⁽⁴⁾(x)", "f(4)"),
    ],
)
def test_ascii_name(notation: str, name: str) -> None:
    assert ascii_name(notation) == name


def test_safe_text_has_no_control_character() -> None:
    typed = "x\x1b[31m\x9b\u202e\n\ty"
    assert safe(typed).isprintable()
    assert "31m" in safe(typed)


@pytest.mark.sampled(7)
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_every_report(name: str, report: Report) -> None:
    text = render(name, report, PIPE)
    assert text
    assert not text.endswith("\n")
    assert "\x1b" not in text


@pytest.mark.sampled(3)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_table_fits_its_terminal(report: Report, width: int) -> None:
    lines = render("table", report, View(width=width, rows=40)).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= 100


@pytest.mark.sampled(3)
@pytest.mark.parametrize("width", [26, 40, 60])
def test_no_number_and_no_verdict_is_cut(report: Report, width: int) -> None:
    piped = render("table", report, replace(PIPE, rows=40))
    narrow = render("table", report, View(width=width, rows=40))
    assert max(map(len, narrow.splitlines())) <= width
    whole = set(re.split(r"[][\s,]+", narrow))
    exact = [word for word in piped.split() if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", word)]
    assert set(exact) <= whole
    assert [mark for mark in MARKS.values() if mark in piped] == [
        mark for mark in MARKS.values() if mark in narrow
    ]
    for verdict in Verdict:
        assert (marked(verdict) in piped) == (marked(verdict) in narrow)


@pytest.mark.parametrize("width", [30, 44, 60])
def test_a_wide_listing_goes_on_below_with_its_first_column(width: int) -> None:
    head = "name", "first", "second", "third", "verdict"
    rows = tuple(
        (f"row{i}", 1.23456789012 + i, 1e-9 / (i + 7), -i - 0.125, Verdict.NOT_DIFFERENTIABLE)
        for i in range(3)
    )
    listing = of(Table("a title", head, rows), Remarks(("a remark",)))
    text = render("table", listing, View(width=width))
    assert max(map(len, text.splitlines())) <= width
    assert text.count("a title") == 1
    assert text.count("row2") == text.count("name") > 1
    for row in rows:
        for cell in row:
            assert written(cell, None) in text


def test_a_column_is_broken_only_where_it_does_not_fit_alone() -> None:
    listing = of(Table("", ("x", "f"), ((-1.87938524157, 0.347296355334),)))
    assert render("table", listing, View(width=20)).split() == [
        "x", "-1.87938524157", "f", "0.347296355334",
    ]  # fmt: skip


def test_a_piped_table_is_never_cut() -> None:
    long = replace(reports.QUADRATIC, read_as=" + ".join(["x"] * 5000))
    assert long.read_as in render("table", long, PIPE)
    assert len(render("table", reports.VECTOR, PIPE).splitlines()) == 100 + 4


def test_a_long_table_is_thinned_on_a_terminal() -> None:
    text = render("table", reports.VECTOR, View(width=80, rows=40))
    assert "40 of 100 rows" in text
    table = [line.split()[0] for line in text.splitlines() if "certified" in line]
    assert (len(table), table[0], table[-1]) == (40, "-20", "20")


def test_the_table_of_one_variable() -> None:
    assert render("table", reports.QUADRATIC, PIPE) == (
        "  f(x)  = 6*x**2 + 2*x + 4\n"
        "  f′(x) = 12*x + 2\n"
        "\n"
        "  x   f(x)   f′(x)\n"
        "  3     64      38   ✓ certified"
    )


def test_the_table_of_several_variables() -> None:
    assert render("table", reports.TWO_VARIABLES, PIPE) == (
        "  f(u, v) = u**3 + v**2 + 4*u*v\n"
        "\n"
        "  at u = 3, v = 4   f = 91\n"
        "\n"
        "  ∂f/∂u   43   ✓ certified   3*u**2 + 4*v\n"
        "  ∂f/∂v   20   ✓ certified   4*u + 2*v"
    )


def test_definitions_stand_above_the_function() -> None:
    assert render("table", reports.FORMULAS_ALONE, PIPE) == (
        "  y     = x + 2\n  z     = y*y*3\n  f(x)  = z\n  f′(x) = 6*x + 12"
    )


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (reports.KINK, "f′(x): left derivative -1, right derivative 1"),
        (reports.CANCELLATION, "f′(x): float64 keeps no digit here: autograd says -88.9006"),
        (reports.REDUCTION, "2 of 5 entries were checked"),
        (reports.SEVERAL_POINTS, "and ∂f/∂y at x = 1, y = 0: a division by 0"),
        (reports.CONTRADICTION, "autograd 3, symbolic 2.5, enclosure [2.4, 2.6], 1e15 ulps"),
    ],
    ids=["kink", "inexact", "sampled", "undefined", "disagrees"],
)
@pytest.mark.parametrize("name", ["table", "plain", "markdown"])
def test_what_matters_is_said(name: str, report: Report, said: str) -> None:
    assert said in render(name, report, PIPE)


def test_the_same_remark_is_made_once() -> None:
    result = reports.VECTOR.results[0]
    checks = tuple(replace(check, reason="no enclosure") for check in result.checks)
    several = replace(reports.VECTOR, results=(replace(result, checks=checks),))
    text = render("table", several, PIPE)
    assert "f′(x)[0] … f′(x)[99] (100 numbers): no enclosure" in text
    assert text.count("no enclosure") == 1


def test_what_was_not_checked_is_not_called_certified() -> None:
    unchecked = [cell for cell in cells(reports.REDUCTION.results[0]) if cell.check is None]
    assert [cell.named("x") for cell in unchecked if cell.index] == ["x[1]", "x[2]"]
    assert render("table", reports.REDUCTION, PIPE).count("not checked") == 3


def test_colour_only_where_asked_for() -> None:
    assert "\x1b[32m" in render("table", reports.QUADRATIC, View(colour=True))


def test_markup_in_a_formula_is_text() -> None:
    bold = replace(reports.QUADRATIC, read_as="[bold]x[/bold]")
    assert "[bold]x[/bold]" in render("table", bold, PIPE)


def test_json_is_the_contract() -> None:
    document = json.loads(render("json", reports.TWO_VARIABLES, PIPE))
    assert document == {
        "schema": 1,
        "command": "grad",
        "expression": "u**3 + v**2 + 4*u*v",
        "read_as": "u**3 + v**2 + 4*u*v",
        "variables": ["u", "v"],
        "dtype": "float64",
        "device": "cpu",
        "warnings": [],
        "results": [
            {
                "at": {"u": 3.0, "v": 4.0},
                "value": 91.0,
                "derivative": {"u": 43.0, "v": 20.0},
                "symbolic": {"u": "3*u**2 + 4*v", "v": "4*u + 2*v"},
                "verdict": "certified",
                "checks": [
                    {
                        "entry": entry,
                        "verdict": "certified",
                        "autograd": value,
                        "symbolic": value,
                        "enclosure": [str(value), str(value)],
                        "quotient": None,
                        "error_ulps": 0.0,
                        "left": None,
                        "right": None,
                        "reason": None,
                    }
                    for entry, value in (("u", 43.0), ("v", 20.0))
                ],
            }
        ],
    }


def test_json_has_no_nan_and_no_infinity() -> None:
    infinite = Check("x", Verdict.UNVERIFIED, math.inf, math.nan, -math.inf, reason="too large")
    result = replace(reports.QUADRATIC.results[0], value=math.inf, checks=(infinite,))
    text = render("json", replace(reports.QUADRATIC, results=(result,)), PIPE)
    found = json.loads(text, parse_constant=pytest.fail)["results"][0]
    assert found["value"] is None
    assert (found["checks"][0]["autograd"], found["checks"][0]["reason"]) == (None, "too large")


def test_json_numbers_are_exact() -> None:
    found = json.loads(render("json", reports.FIVE_VARIABLES, PIPE))["results"][0]
    assert found["derivative"] == reports.FIVE_VARIABLES.results[0].derivative


def test_json_of_several_formulas_lists_them() -> None:
    several = replace(reports.MATRIX, expression=("x**2*y", "5*x + sin(y)"))
    assert json.loads(render("json", several, PIPE))["expression"] == ["x**2*y", "5*x + sin(y)"]


def test_json_without_a_point_has_no_verdict() -> None:
    found = json.loads(render("json", reports.FORMULAS_ALONE, PIPE))["results"][0]
    assert (found["at"], found["verdict"], found["symbolic"]) == (None, None, {"x": "6*x + 12"})


def test_jsonl_is_a_line_a_result() -> None:
    lines = render("jsonl", reports.SEVERAL_POINTS, PIPE).splitlines()
    assert [json.loads(line)["at"]["x"] for line in lines] == [1.0, 2.5, 100.0, 1 / 3, 1.0]


def test_csv_is_a_row_a_point() -> None:
    table = list(csv.DictReader(StringIO(render("csv", reports.SEVERAL_POINTS, PIPE))))
    assert list(table[0]) == ["x", "y", "f", "df/dx", "df/dy", "verdict"]
    assert float(table[3]["df/dx"]) == 2 * (1 / 3) / 7
    assert (table[4]["f"], table[4]["df/dx"], table[4]["verdict"]) == ("", "", "undefined")


def test_csv_of_a_vector_is_a_row_an_element() -> None:
    table = list(csv.DictReader(StringIO(render("csv", reports.VECTOR, PIPE))))
    assert [float(row["f'"]) for row in table] == reports.VECTOR.results[0].derivative["x"]


def test_csv_of_a_reduction_is_a_row_a_number() -> None:
    table = list(csv.DictReader(StringIO(render("csv", reports.REDUCTION, PIPE))))
    found = {row["entry"]: row["value"] for row in table}
    assert found == {
        "f": "28.0", "df/da": "28.0", "df/dx[0]": "0.0", "df/dx[1]": "4.0", "df/dx[2]": "8.0",
        "df/dx[3]": "12.0",
    }  # fmt: skip


def test_plain_is_name_equals_value(report: Report) -> None:
    lines = render("plain", report, PIPE).splitlines()
    assert all(" = " in line for line in lines if line)


def test_rows_are_refused_where_numbers_do_not_go_together() -> None:
    assert sheet(reports.REDUCTION) is None
    assert sheet(reports.MATRIX) is None


def test_a_number_that_is_missing_does_not_go_element_by_element() -> None:
    """sum(log(x)) at [0, 1] has one value, whether it is known or not."""
    missing = Result({"x": [0.0, 1.0]}, None, {"x": [None, None]}, {"x": "1/x"})
    assert sheet(reports.report("sum(log(x))", "x", {"x": "f′(x)"}, missing)) is None


def test_latex_uses_the_formulas_own_latex() -> None:
    with_latex = replace(reports.TWO_VARIABLES, function_latex="u^{3} + v^{2} + 4 u v")
    text = render("latex", with_latex, PIPE)
    assert "f(u, v) &= u^{3} + v^{2} + 4 u v" in text
    assert r"\frac{\partial f}{\partial u}" in text
    assert r"$43$" in text


def test_latex_writes_greek_and_indexed_names() -> None:
    greek = reports.report(
        "alpha*x1",
        "alpha x1",
        {"alpha": "∂²f/∂alpha²"},
        reports.result({"alpha": 1.0, "x1": 1e-9}, 1.0, {"alpha": 2.0}, {"alpha": "x1"}),
    )
    text = render("latex", greek, PIPE)
    assert r"\frac{\partial ^{2} f}{\partial \alpha^{2} }" in text
    assert r"x_{1}" in text
    assert r"1 \cdot 10^{-9}" in text


def test_a_file_is_replaced_whole(tmp_path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("before")
    path.chmod(0o640)
    write_whole(path, "after")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("after", 0o640)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.txt"]


def test_a_device_is_written_to_not_replaced(tmp_path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    write_whole(link, "text")
    assert link.resolve().is_char_device()


@pytest.mark.parametrize("name", [".", "missing/out.txt"])
def test_a_file_that_cannot_be_written_is_refused_first(tmp_path, name: str) -> None:
    with pytest.raises(FileError):
        check_writable(tmp_path / name)


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        (".json", '{"schema"'),
        (".JSON", '{"schema"'),
        (".csv", "x,f,"),
        (".md", "- `f(x)"),
        (".tex", "\\begin{align*}"),
        (".html", "<!DOCTYPE"),
        (".txt", "  f(x)"),
        ("", "  f(x)"),
    ],
)
def test_the_ending_of_a_file_chooses_its_format(ending: str, start: str, tmp_path: Path) -> None:
    path = tmp_path / f"answer{ending}"
    assert run(["grad", "x^2", "--at", "3", "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith(start)


def test_a_format_that_is_asked_for_is_written_under_any_name(tmp_path: Path) -> None:
    path = tmp_path / "answer.xyz"
    assert run(["grad", "x^2", "--at", "3", "--format", "csv", "-o", str(path)]) == 0
    assert path.read_text().startswith("x,f,")


def test_a_typed_format_goes_before_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    assert run(["grad", "x^2", "--at", "2", "--format", "table", "-o", str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith("  f(x)")


@pytest.mark.parametrize(
    "typed", [["grad", "x^2"], ["descend", "x^2", "--from", "1"], ["export", "x^2"]]
)
def test_an_ending_of_no_format_is_refused_with_those_that_there_are(
    typed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answer.xyz"
    assert run([*typed, "-o", str(path)]) == 2
    assert "there are ." in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize("width", [50, 80])
def test_remarks_are_as_wide_as_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["eval", "foo*log(x)^(-8)^(1/3)*1/2x", "--at", "1,2"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines).split()).count("the principal complex one") == 1


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("pi/6", "pi/6"),
        ("1/3", "1/3"),
        ("2/5", "0.4"),
        ("0.1234567890123456789", "0.123456789012"),
        ("exp(sqrt(2)/7) - 3/8", "0.848885"),
    ],
)
def test_a_point_is_shown_as_typed_unless_it_is_a_decimal(
    at: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["x^2", "--at", at]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[0].startswith(shown)
    assert run(["x^2*y", "--at", f"x={at},y=1"]) == 0
    assert f"at x = {shown}" in capsys.readouterr().out


def test_a_typed_point_in_latex_and_in_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sin(x)", "--at", "x=pi/6;x=1e-9", "--format", "latex"]) == 0
    shown = capsys.readouterr().out
    assert r"$\frac{\pi}{6}$ & $0.5$" in shown
    assert r"$1 \cdot 10^{-9}$" in shown
    assert run(["sin(x)", "--at", "pi/6", "--format", "csv"]) == 0
    point, *_ = capsys.readouterr().out.splitlines()[-1].split(",")
    assert float(point) == pytest.approx(math.pi / 6, rel=1e-15)

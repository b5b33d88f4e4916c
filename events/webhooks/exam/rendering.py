"""The report as a table for people and as JSON for programs."""

import json
from dataclasses import asdict
from typing import Final

from rich.console import Group
from rich.table import Table
from rich.text import Text

from events.webhooks.exam.papers import ID_MARK
from events.webhooks.exam.report import Grade, Line, Report

STYLES: Final = {
    Grade.PASSED: "green",
    Grade.FAILED: "bold red",
    Grade.LOOK: "yellow",
    Grade.NOT_ASKED: "bright_black",
}
MARKS: Final = f"All that was sent bears a type `exam.…` and ids that begin with {ID_MARK}; none of it is of a shop."


def as_table(report: Report) -> Group:
    table = Table(title=f"Webhook exam of {report.url}", title_justify="left", title_style="bold", show_lines=True)
    table.add_column("Mark", no_wrap=True)
    table.add_column("Question, why it is asked, what was seen, what to do", overflow="fold")
    for line in report.lines:
        table.add_row(Text(_words(line.grade), style=STYLES[line.grade]), _told(line))
    return Group(table, Text(MARKS, style="bright_black"), _sum(report))


def as_json(report: Report) -> str:
    return json.dumps(
        {
            "url": report.url,
            "passed": report.is_passed,
            "counts": {grade: report.counts[grade] for grade in Grade},
            "ids_begin_with": ID_MARK,
            "questions": [asdict(line) for line in report.lines],
        },
        indent=2,
        ensure_ascii=False,
    )


def _told(line: Line) -> Text:
    text = Text.assemble((line.title, "bold"), "\n", (line.why, "bright_black"), "\n", line.saw)
    if line.grade in {Grade.FAILED, Grade.LOOK}:
        text.append(f"\n→ {line.remedy}", style=STYLES[line.grade])
    return text


def _sum(report: Report) -> Text:
    counts = ", ".join(f"{report.counts[grade]} {_words(grade)}" for grade in Grade if report.counts[grade])
    return Text(f"{counts}.", style="bold green" if report.is_passed else "bold red")


def _words(grade: Grade) -> str:
    return grade.replace("_", " ")

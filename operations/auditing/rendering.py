"""The report as a table for people, as lines for files, as JSON for programs."""

import json
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from operations.auditing.audit import Report, Result

BROKEN, PENDING, OK = "broken", "pending", "ok"
COLOURS = {BROKEN: "bold red", PENDING: "yellow", OK: "green"}


def state_of(result: Result) -> str:
    if result.findings.broken:
        return BROKEN
    return PENDING if result.findings.pending else OK


def as_json(report: Report) -> str:
    return json.dumps(
        {
            "clean": report.is_clean,
            "seconds": round(report.seconds, 3),
            "checks": [
                {
                    "name": result.check.name,
                    "holds": result.check.holds,
                    "state": state_of(result),
                    "examined": result.findings.examined,
                    "broken": result.findings.broken,
                    "offenders": list(result.findings.offenders),
                    "pending": result.findings.pending,
                    "note": result.findings.note,
                }
                for result in report.results
            ],
        },
        indent=2,
    )


def as_table(report: Report) -> str:
    """For a terminal: as wide as it is, with its colours."""
    table = Table(title="Audit", title_justify="left")
    table.add_column("Check", no_wrap=True)
    table.add_column("Examined", justify="right")
    table.add_column("State")
    table.add_column("What was found")
    for result in report.results:
        state = state_of(result)
        table.add_row(
            result.check.name,
            f"{result.findings.examined:,}",
            f"[{COLOURS[state]}]{state}[/]",
            escape("\n".join(found_lines(result))),
        )
    console = Console()
    with console.capture() as captured:
        console.print(table)
        console.print(verdict(report), style=COLOURS[OK if report.is_clean else BROKEN])
    return captured.get()


def plain_lines(report: Report) -> Iterator[str]:
    """For a file or a pipe: one line per check, offenders under it."""
    width = max((len(result.check.name) for result in report.results), default=0)
    for result in report.results:
        first, *more = found_lines(result) or [""]
        line = f"{state_of(result):<8} {result.check.name:<{width}} {result.findings.examined:>10,}  {first}"
        yield line.rstrip()
        yield from (f"{'':<9}{offender}" for offender in more)
    yield verdict(report)


def found_lines(result: Result) -> list[str]:
    """The sentence that does not hold, and who breaks it; or what is waited for."""
    found = result.findings
    told = ", ".join(filter(None, [f"{found.pending:,} pending" if found.pending else "", found.note]))
    waiting = [told] if told else []
    if not found.broken:
        return waiting
    hidden = found.broken - len(found.offenders)
    return [
        f"{found.broken:,} broken: {result.check.holds}",
        *found.offenders,
        *([f"and {hidden:,} more"] if hidden else []),
        *waiting,
    ]


def verdict(report: Report) -> str:
    count, seconds = len(report.results), report.seconds
    if report.is_clean:
        return f"Clean: all {count} checks hold ({seconds:.1f} s)."
    return f"Broken: {len(report.broken)} of {count} checks do not hold ({seconds:.1f} s)."

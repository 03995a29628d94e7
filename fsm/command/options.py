"""Options and arguments that several commands have; typer reads them when it makes the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def print_version(wanted: bool) -> None:
    """Print the version and end, if that is wanted."""
    if wanted:
        from importlib.metadata import version

        print(version("dynamic-orchestrator"))
        raise typer.Exit


StoreOption = Annotated[
    str | None,
    typer.Option("--store", envvar="FSM_STORE", help="URL of the store, e.g. sqlite:///orders.db", metavar="URL"),
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine", help="Engine that runs the machines here: restate+http://HOST:8080?view=…&listen=…", metavar="URL"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the instance.")]
ByOption = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who does it; else who is logged in.")]
ChangeOption = Annotated[
    str | None, typer.Option("--change", metavar="JSON", help="Merge patch of the context: fields, null removes one.")
]
PayloadOption = Annotated[
    str | None, typer.Option("--payload", metavar="JSON", help="Merge patch of the event that failed.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")]
MachineArgument = Annotated[str, typer.Argument(metavar="MODULE:CLASS", help="Also path/to/file.py:Class.")]
MachineArguments = Annotated[list[str], typer.Argument(metavar="MODULE:CLASS", help="Also path/to/file.py:Class.")]
MachineOption = Annotated[str | None, typer.Option("--machine", metavar="MODULE:CLASS", help="The machine's class.")]
AnyMachineArguments = Annotated[
    list[str] | None, typer.Argument(metavar="[MODULE:CLASS]", help="Classes of the machines.")
]
DrainOption = Annotated[
    float, typer.Option("--drain", min=0, metavar="SECONDS", help="How long turns may go on after SIGTERM.")
]
TelemetryOption = Annotated[
    bool, typer.Option("--telemetry", help="Tell OpenTelemetry, e.g. under opentelemetry-instrument.")
]
SchedulesOption = Annotated[
    str | None, typer.Option("--schedules", metavar="MODULE:NAME", help="List of schedules to declare and fire.")
]
VersionOption = Annotated[
    bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=print_version)
]
PictureOption = Annotated[
    Path, typer.Option("-o", "--out", help="File; .svg .png .pdf .dot .mmd .md or .txt picks the format.")
]
CollapseOption = Annotated[
    list[str] | None, typer.Option(help="Composite to draw closed, may be repeated; or a level: all below it.")
]
SourceOption = Annotated[
    str, typer.Option(metavar="TEMPLATE", help="Links to the code, as in 'https://…/{path}#L{line}'.")
]
ServicesOption = Annotated[
    str | None,
    typer.Option("--services", metavar="MODULE:NAME", help="Mapping of services, or a function that gives one."),
]

"""Options and arguments that several commands have; typer reads them when it makes the command line."""

from __future__ import annotations

from typing import Annotated

import typer

StoreOption = Annotated[
    str | None,
    typer.Option("--store", envvar="FSM_STORE", help="URL of the store, e.g. sqlite:///orders.db", metavar="URL"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Id of the instance.")]
MachineArgument = Annotated[str, typer.Argument(metavar="MODULE:CLASS", help="Also path/to/file.py:Class.")]
MachineArguments = Annotated[list[str], typer.Argument(metavar="MODULE:CLASS", help="Also path/to/file.py:Class.")]
AnyMachineArguments = Annotated[
    list[str] | None, typer.Argument(metavar="[MODULE:CLASS]", help="Classes of the machines.")
]
ByOption = Annotated[str | None, typer.Option("--by", help="Who does it, for the journal; by default the user.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, for the journal.")]
DrainOption = Annotated[
    float, typer.Option("--drain", min=0, metavar="SECONDS", help="How long turns may go on after SIGTERM.")
]
TelemetryOption = Annotated[
    bool, typer.Option("--telemetry", help="Tell OpenTelemetry, e.g. under opentelemetry-instrument.")
]
SchedulesOption = Annotated[
    str | None, typer.Option("--schedules", metavar="MODULE:NAME", help="List of schedules to declare and fire.")
]
MachineOption = Annotated[str | None, typer.Option("--machine", metavar="MODULE:CLASS", help="The machine's class.")]
ServicesOption = Annotated[
    str | None,
    typer.Option("--services", metavar="MODULE:NAME", help="Mapping of services, or a function that gives one."),
]

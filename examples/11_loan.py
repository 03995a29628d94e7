"""A loan: a proved table decides the easy cases, two people the others, and a third one when these take too long.

    python examples/11_loan.py [FOLDER]

Ada is granted by the table. Ben needs two approvals, side by side; ann cannot give both. Nobody looks at Cleo's: after two
working days there is a warning, after five the head of credit decides. Kill it, start it with the same FOLDER: it goes on.
"""

import sys
import tempfile
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

import anyio
from pydantic import Field

from fsm import Choice, Context, Done, Event, Final, Orchestrator, Parallel, State, StateMachine
from fsm import all_done, choose, guard, on_enter, output
from fsm.decision import Decision, DecisionTable, column, rule
from fsm.people import deadline, human
from fsm.service import current_call
from persistence import open_store

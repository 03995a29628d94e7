"""The live page: what runs, where it stands and how it came there, and the means to help where help is needed."""

from fsm.errors import MissingExtra

try:
    import fastapi  # noqa: F401
    import uvicorn  # noqa: F401
except ModuleNotFoundError as problem:
    raise MissingExtra("dashboard", f"The live page needs FastAPI and uvicorn ({problem}).") from problem

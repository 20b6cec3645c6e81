"""Find a demo model inside the installed package: `demo:NAME` -> a folder."""

from pathlib import Path

from inference.model.config import CheckpointError

PREFIX = "demo:"
MODELS = Path(__file__).parent / "models"


def names() -> list[str]:
    """Return the names that may follow `demo:`, sorted."""
    return sorted(path.name for path in MODELS.iterdir() if path.is_dir())


def folder_of(name: str) -> Path:
    """Return the folder of a demo model. Raises CheckpointError, which lists the known names, for any other name."""
    if name not in names():
        known = ", ".join(PREFIX + known for known in names())
        raise CheckpointError(f"there is no {PREFIX}{name}; the demo models are {known}")
    return MODELS / name

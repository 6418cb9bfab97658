"""What is raised in place of the errors of the recorder's database."""

from collections.abc import Generator
from contextlib import contextmanager

from homeassistant.exceptions import HomeAssistantError
from sqlalchemy.exc import SQLAlchemyError

from ..const import DOMAIN


@contextmanager
def database_errors() -> Generator[None]:
    """Raise errors of the database as ones that callers expect, and that the user can read.

    Raises:
        HomeAssistantError: the database failed.
    """
    try:
        yield
    except SQLAlchemyError as error:
        raise failed(error) from error


def failed(error: object) -> HomeAssistantError:
    """Return what to raise; the lines after the first of an error are the SQL statement."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="recorder_failed",
        translation_placeholders={"error": str(error).partition("\n")[0]},
    )

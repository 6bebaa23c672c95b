"""Sets an alias, also where somebody else sets the same one for the first time at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

_INSERTED_TWICE = ("unique", "duplicate")  # SQLite and PostgreSQL, MySQL


def set_alias(client: MlflowClient, name: str, alias: str, version: int) -> None:
    """Point `alias` of the model `name` at `version`; of two who do so at once the later one wins.

    MLflow looks whether an alias exists and then inserts it. Where another insert came between, the database refuses
    the second; asked again, MLflow finds the alias and moves it.

    Raises:
        MlflowException: The registry refused for any other reason.
    """
    from mlflow.exceptions import MlflowException

    try:
        client.set_registered_model_alias(name, alias, str(version))
    except MlflowException as error:
        if not _inserted_twice(error):
            raise
        client.set_registered_model_alias(name, alias, str(version))


def _inserted_twice(error: MlflowException) -> bool:
    text = str(error).lower()
    return "alias" in text and any(word in text for word in _INSERTED_TWICE)

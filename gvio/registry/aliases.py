"""Reads and sets aliases, also where another process sets the same one or the answer to a request is lost.

Aliases are only ever set, never deleted: deleting needs more rights than registering does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.registry.record import model_name

if TYPE_CHECKING:
    from mlflow.exceptions import MlflowException
    from mlflow.tracking import MlflowClient

_INSERTED_TWICE = ("unique", "duplicate")  # SQLite and PostgreSQL, MySQL


def aliases_of(client: MlflowClient, region: str) -> dict[str, int]:
    """Alias → version number; empty where the model does not exist."""
    return existing_aliases(client, region) or {}


def existing_aliases(client: MlflowClient, region: str) -> dict[str, int] | None:
    """Alias → version number; None where the model does not exist."""
    from mlflow.exceptions import MlflowException

    try:
        model = client.get_registered_model(model_name(region))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return None
    return {alias: int(number) for alias, number in model.aliases.items()}


def set_alias(client: MlflowClient, region: str, alias: str, version: int) -> None:
    """Point `alias` at `version`; of two who do so at once the later one wins.

    MLflow looks whether an alias exists and then inserts it. Where another insert came between, the database refuses
    the second; asked again, MLflow finds the alias and moves it. An error whose request was carried out all the same
    (the answer was lost) is none.

    Raises:
        MlflowException: The registry refused for any other reason.
    """
    from mlflow.exceptions import MlflowException

    name = model_name(region)
    try:
        client.set_registered_model_alias(name, alias, str(version))
    except MlflowException as error:
        if _inserted_twice(error):
            client.set_registered_model_alias(name, alias, str(version))
        elif aliases_of(client, region).get(alias) != version:
            raise


def _inserted_twice(error: MlflowException) -> bool:
    text = str(error).lower()
    return "alias" in text and any(word in text for word in _INSERTED_TWICE)

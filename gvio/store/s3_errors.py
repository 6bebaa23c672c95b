"""What S3 and the network answer, said in one line with the next action. Never repeats a credential.

Only error *codes* are quoted: servers echo key ids and signed strings in their messages.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)

from gvio.errors import ConflictError, StoreError

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_LOST = frozenset({"409", "412", "ConditionalRequestConflict", "OperationAborted", "PreconditionFailed"})
_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound)
_DENIED = frozenset({"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"})
_KEYS_HINT = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for this store."


def error_code(error: ClientError) -> str:
    """The server's error code, or the HTTP status where it gave none."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code or str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "unknown"))


def is_absent(error: ClientError) -> bool:
    """Whether the answer means that the object (not the bucket) is not there."""
    return error_code(error) in _ABSENT


def is_lost(error: ClientError) -> bool:
    """Whether a conditional write was refused; an `If-Match` on an absent object answers 412 or 404, by server."""
    return error_code(error) in _LOST


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn every botocore error into a `StoreError`.

    Raises:
        ConflictError: A conditional write was refused (409, 412).
        StoreError: No or wrong credentials, no bucket, no answer, or any other code.
    """
    try:
        yield
    except ClientError as error:
        raise _from_answer(error, where) from None
    except _CREDENTIALS:
        raise StoreError("no usable S3 credentials", where=where, hint=_KEYS_HINT) from None
    except ParamValidationError:  # found before anything is sent; keys are checked by us, so it is the bucket
        raise StoreError("is not a valid bucket name", where=where, hint="Correct --store.") from None
    except (HTTPClientError, BotoCoreError) as error:
        raise StoreError(
            f"the S3 server does not answer ({type(error).__name__})",
            where=where,
            hint="Check AWS_ENDPOINT_URL and the network, then run again.",
        ) from None


def _from_answer(error: ClientError, where: str) -> StoreError:
    code = error_code(error)
    if is_lost(error):
        return ConflictError(
            f"somebody else wrote it first ({code}), nothing was overwritten",
            where=where,
            hint="Run again: the newer state is read first.",
        )
    if code == "NoSuchBucket" or (is_absent(error) and error.operation_name == "HeadBucket"):
        return StoreError("there is no such bucket", where=where, hint="Create the bucket, or correct --store.")
    if code in _DENIED:
        return StoreError(f"access is denied ({code})", where=where, hint=_KEYS_HINT)
    if is_absent(error):
        return StoreError("no such object", where=where, hint="Check the store and the region's name.")
    return StoreError(f"the S3 server refused the request ({code})", where=where, hint="See the server's log.")

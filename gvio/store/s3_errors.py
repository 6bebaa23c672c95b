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
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)

from gvio.errors import ConflictError, StoreError, UpstreamUnavailable

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_BUSY = frozenset({"409", "ConditionalRequestConflict", "OperationAborted"})
_LOST = _BUSY | {"412", "PreconditionFailed"}
_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound)
_DENIED = frozenset({"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"})
_BROKEN_OFF = (HTTPClientError, NoConnectionError, IncompleteReadError, FlexibleChecksumError)
_SERVER_FAULT = 500
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


def is_busy(error: ClientError) -> bool:
    """Whether another write of the same name was under way: AWS asks that the request be sent again (409)."""
    return error_code(error) in _BUSY


def was_sent_again(error: ClientError) -> bool:
    """Whether boto3 had sent the request before: that one may have done its work, and only its answer was lost."""
    return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0))


@contextlib.contextmanager
def translated(where: str, given: str = "--store") -> Iterator[None]:
    """Turn every botocore error into a `StoreError`; `given` is where the user wrote the address.

    Raises:
        ConflictError: A conditional write was refused (409, 412).
        StoreError: No or wrong credentials, no bucket, no answer, or any other code.
    """
    try:
        yield
    except ClientError as error:
        raise _from_answer(error, where, given) from None
    except _CREDENTIALS:
        raise StoreError("no usable S3 credentials", where=where, hint=_KEYS_HINT) from None
    except ParamValidationError:  # found before anything is sent; keys are checked by us, so it is the bucket
        raise StoreError("is not a valid bucket name", where=where, hint=f"Correct {given}.") from None
    except (HTTPClientError, BotoCoreError) as error:
        raise StoreError(
            f"the S3 server does not answer ({type(error).__name__})",
            where=where,
            hint="Check AWS_ENDPOINT_URL and the network, then run again.",
        ) from None


@contextlib.contextmanager
def reading(where: str, given: str) -> Iterator[None]:
    """As `translated`, for input: a server that fails is an upstream that may answer later.

    Raises:
        UpstreamUnavailable: No answer, one that broke off, a fault of the server, or the object changed meanwhile.
        StoreError: No or wrong credentials, no bucket, or any other code.
    """
    with translated(where, given):
        try:
            yield
        except ClientError as error:
            gone = is_absent(error) and error.operation_name == "GetObject"
            if gone or is_lost(error):
                what = "the object changed while it was being fetched"
                raise UpstreamUnavailable(what, where=where, hint="Run again when its upload is complete.") from None
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= _SERVER_FAULT:
                what = f"the S3 server failed ({error_code(error)})"
                raise UpstreamUnavailable(what, where=where, hint="Try again later.") from None
            raise
        except _BROKEN_OFF as error:
            what = f"the S3 server does not answer ({type(error).__name__})"
            hint = "Check AWS_ENDPOINT_URL and the network, then run again: what was fetched whole is kept."
            raise UpstreamUnavailable(what, where=where, hint=hint) from None


def _from_answer(error: ClientError, where: str, given: str) -> StoreError:
    code = error_code(error)
    if is_lost(error):
        return ConflictError(
            f"somebody else wrote it first ({code}), nothing was overwritten",
            where=where,
            hint="Run again: the newer state is read first.",
        )
    if code == "NoSuchBucket" or (is_absent(error) and error.operation_name == "HeadBucket"):
        return StoreError("there is no such bucket", where=where, hint=f"Create the bucket, or correct {given}.")
    if code in _DENIED:
        return StoreError(f"access is denied ({code})", where=where, hint=_KEYS_HINT)
    if is_absent(error):
        return StoreError("no such object", where=where, hint="Check the store and the region's name.")
    return StoreError(f"the S3 server refused the request ({code})", where=where, hint="See the server's log.")

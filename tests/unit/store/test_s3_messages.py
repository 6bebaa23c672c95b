"""Every answer of S3 is one line with the next action, and never repeats a credential."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from gvio.errors import ConflictError, StoreError
from gvio.store.s3_errors import error_code, is_absent, is_lost, translated

SECRET = "AKIASECRET"


def answer(code: str, status: int = 400) -> ClientError:
    body = {"Error": {"Code": code, "Message": f"{SECRET} said no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(body, "PutObject")  # type: ignore[arg-type]


def told(error: Exception) -> StoreError:
    with pytest.raises(StoreError) as caught, translated("s3://bucket/key"):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (answer("NoSuchBucket"), "s3://bucket/key: there is no such bucket. Create the bucket, or correct --store."),
        (answer("InvalidAccessKeyId"), "s3://bucket/key: access is denied (InvalidAccessKeyId). Set AWS_ACCESS_KEY_ID"),
        (answer("403"), "s3://bucket/key: access is denied (403). Set AWS_ACCESS_KEY_ID"),
        (answer("NoSuchKey"), "s3://bucket/key: no such object. Check the store"),
        (answer("InternalError", 500), "s3://bucket/key: the S3 server refused the request (InternalError). See"),
        (answer("", 503), "s3://bucket/key: the S3 server refused the request (503). See"),
        (NoCredentialsError(), "s3://bucket/key: no usable S3 credentials. Set AWS_ACCESS_KEY_ID"),
        (PartialCredentialsError(provider="env", cred_var="x"), "s3://bucket/key: no usable S3 credentials"),
        (ProfileNotFound(profile="x"), "s3://bucket/key: no usable S3 credentials"),
        (
            EndpointConnectionError(endpoint_url=f"http://{SECRET}@host"),
            "s3://bucket/key: the S3 server does not answer (EndpointConnectionError). Check AWS_ENDPOINT_URL",
        ),
        (ConnectTimeoutError(endpoint_url="x"), "s3://bucket/key: the S3 server does not answer (ConnectTimeoutError)"),
    ],
)
def test_an_error_is_one_line_with_the_next_action(error: Exception, line: str) -> None:
    message = str(told(error))
    assert message.startswith(line)
    assert "\n" not in message
    assert SECRET not in message


@pytest.mark.parametrize("code", ["PreconditionFailed", "412", "ConditionalRequestConflict", "409"])
def test_a_refused_condition_is_a_conflict_that_can_be_retried(code: str) -> None:
    error = told(answer(code))
    assert isinstance(error, ConflictError)
    assert error.retryable
    assert "nothing was overwritten" in str(error)


def test_codes_are_sorted_into_absent_and_lost() -> None:
    assert [is_absent(answer(c)) for c in ("404", "NoSuchKey", "NoSuchBucket", "412")] == [True, True, False, False]
    assert [is_lost(answer(c)) for c in ("412", "PreconditionFailed", "NoSuchKey", "403")] == [True, True, False, False]
    assert error_code(ClientError({}, "GetObject")) == "unknown"

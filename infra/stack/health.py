"""Whether a server is well: each check asks as a client would, and says in a few words what is wrong."""

from __future__ import annotations

import http
import urllib.error
import urllib.request

_PATIENCE_S = 5.0


def answers(url: str) -> str | None:
    """Why no server answers well under this address; None: one does."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S):
            return None
    except urllib.error.HTTPError as answer:
        answer.close()
        return f"answers {answer.code}"
    except OSError as error:
        return f"does not answer ({error})"


def s3(url: str) -> str | None:
    """As `answers`, of an S3 server: one that asks for a key is well."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S):
            return None
    except urllib.error.HTTPError as answer:
        answer.close()
        return None if answer.code == http.HTTPStatus.FORBIDDEN else f"answers {answer.code}"
    except OSError as error:
        return f"does not answer ({error})"


def postgres(port: int, password: str) -> str | None:
    """Why PostgreSQL takes no queries; None: it does."""
    import psycopg  # a tenth of a second, for this check alone

    from infra.stack.postgres import as_superuser

    try:
        with as_superuser(port, password) as opened:
            opened.execute("SELECT 1")
    except psycopg.Error as error:
        return f"takes no queries ({' '.join(str(error).split())[:120]})"
    return None

"""The error tree of gvio: every failure a user can meet, with the exit code it ends in.

GvioError                      anything this package raises on purpose
├── ConfigError          (2)   the *configuration* of pack, parameters or command is wrong: unknown key, bad value
├── InputRefused         (3)   data cannot be trusted: nothing is published, the last release stands
│   ├── PackError              a file of the region pack is absent, unreadable or contradicts the configuration
│   ├── ProductError           a night-light product file is truncated, not what its name says, or off the grid
│   ├── LedgerError            a row of official statistics is impossible
│   └── GateRefused            a required check failed; carries the failed checks' messages
├── UpstreamUnavailable  (4)   a source does not answer, or fails; trying again in minutes can help (retryable)
│   └── ProductAbsent    (4)   a source was read and has no such month: another day can help, minutes cannot
├── WorkersUnavailable   (4)   a cluster does not answer, or lost its scheduler or its workers (retryable)
├── RunHeld              (5)   another run holds this region and month
├── StoreError           (1)   the published store is unreachable, or cannot keep its promises (conditional writes)
│   ├── ConflictError    (1)   somebody else moved `latest.json` first; nothing was overwritten (retryable)
│   └── DamagedStore     (1)   an object is absent or is not what was published; `gvio repair` cures it
├── ModelError           (1)   a model package is damaged, not finite, or does not fit this region
│   ├── DamagedModel     (1)   a registered package is absent or another; `gvio run --retrain` replaces it
│   └── OutdatedModel    (1)   a sound package of an older method: the next training replaces it
└── TaskFailed           (1)   a defect of ours that came to light in a worker, where no traceback is seen

Raise the narrowest class. Do *not* raise for a month that merely has a reported defect: that is a `CheckResult`
with `required=False`. Every message is one line: what, where, and the next action (`hint`).
"""

from __future__ import annotations

SAME_OPTIONS = "with the same --region, --store, --workspace, --month, --as-of and --params"
"""What the hint of a message says after the command of a stage, where the message cannot know their values."""

RETRAIN = f"Run `gvio train --retrain` {SAME_OPTIONS}, then this command again."
"""The hint where a model is of no use."""


class GvioError(Exception):
    """Base of all errors raised on purpose; `str()` is one line: what, where, next action.

    `retryable`: a fault that may be over in seconds or minutes, with nobody doing anything about it.

    Args:
        what: What is wrong, with the value that shows it.
        where: The file, row, month or object concerned.
        hint: The next action of the reader.
    """

    exit_code: int = 1
    retryable: bool = False

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(self._line())

    def _line(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        line = f"{text.rstrip('.')}. {self.hint}" if self.hint else text
        return " ".join(line.split())

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the coordinates when the error crosses a process boundary (Prefect, Dask)."""
        return _rebuild, (type(self), self.what, self.where, self.hint)


def _rebuild(cls: type[GvioError], what: str, where: str, hint: str) -> GvioError:
    return cls(what, where=where, hint=hint)


class ConfigError(GvioError):
    """Configuration or usage is wrong; correcting the pack's YAML or the command helps."""

    exit_code = 2


class InputRefused(GvioError):
    """Data was refused; nothing was published and the last release stands."""

    exit_code = 3


class PackError(InputRefused):
    """A file of the region pack is absent, unreadable, or contradicts `region.yaml`."""


class ProductError(InputRefused):
    """A night-light product file is damaged, is not what its name says, or lies off the grid."""


class LedgerError(InputRefused):
    """A row of official statistics cannot be true (sign, period, unit, order)."""


class GateRefused(InputRefused):
    """At least one required check failed. Carries them all in one line."""


class UpstreamUnavailable(GvioError):
    """The source does not answer, or fails. Trying again can help."""

    exit_code = 4
    retryable = True


class ProductAbsent(UpstreamUnavailable):
    """The source was read and has no such product or month, perhaps not yet: trying again at once finds the same."""

    retryable = False


class WorkersUnavailable(GvioError):
    """A cluster does not answer, or lost its scheduler or its workers; what was done is kept for a later try."""

    exit_code = 4
    retryable = True


class RunHeld(GvioError):
    """Another run holds this region's workspace or month."""

    exit_code = 5


class StoreError(GvioError):
    """The published store cannot be read or written, or would break its promises."""


class ConflictError(StoreError):
    """A conditional write lost against another writer; re-reading and trying again can help."""

    retryable = True


class DamagedStore(StoreError):
    """A published object is absent, or its bytes are not the ones published; the store itself can be read."""


class ModelError(GvioError):
    """A model package is damaged, not finite, or does not fit the region it is asked to map."""


class DamagedModel(ModelError):
    """The package of a registered version is absent or is not the one registered; the registry itself can be read."""


class OutdatedModel(ModelError):
    """A model package of an older method: sound, but this program cannot apply it. Training anew replaces it."""


class TaskFailed(GvioError):
    """A task of a worker failed by a defect of this program; the message names task, line and error."""

"""The product of a run as files of the workspace, and back."""

from __future__ import annotations

from gvio.config import RegionConfig
from gvio.errors import SAME_OPTIONS, InputRefused
from gvio.publish.canonical import canonical_json
from gvio.publish.changes import CHANGES
from gvio.publish.counts import COUNTS
from gvio.publish.drift import NAME as DRIFT
from gvio.publish.errata import NAME as ERRATA
from gvio.publish.estimates import estimates_parquet, read_estimates
from gvio.publish.evidence import NAMES as EVIDENCE
from gvio.publish.explanations import explanations_parquet, read_explanations
from gvio.publish.manifest import CUBE
from gvio.publish.news import NAME as NEWS
from gvio.publish.outlines import NAMES as OUTLINES
from gvio.publish.vintages import REVISIONS, VINTAGES
from gvio.run.artifacts import MappedHead, Product
from gvio.run.workspace import Workspace
from gvio.scoreboard.board import Scoreboard
from gvio.store.grids import decode_grid
from gvio.types import Month

_FOLDER = "product"
_HINT = f"Run `gvio map` {SAME_OPTIONS} again."
_ESTIMATES, _EXPLANATIONS = f"{_FOLDER}/estimates.parquet", f"{_FOLDER}/explanations.parquet"
_SCOREBOARD, _CARD, _TRENDS = f"{_FOLDER}/scoreboard.json", f"{_FOLDER}/model-card.md", f"{_FOLDER}/trends.tif"
_REVISIONS = (*EVIDENCE, CHANGES.name, COUNTS.name, DRIFT, ERRATA, NEWS, VINTAGES, REVISIONS)


def pack_product(product: Product, config: RegionConfig) -> dict[str, bytes]:
    """Bytes by file name: the very objects that `publish` sends, so that a damaged store can be repaired from them.

    Raises:
        GateRefused: The tables are not whole (see `estimates_parquet`, `explanations_parquet`).
    """
    first, last = config.start, product.grids[-1].month
    files = {
        _ESTIMATES: estimates_parquet(product.estimates, config.city_id, first, last, config.unit, config.invented),
        _EXPLANATIONS: explanations_parquet(product.explanations, first, last, config.invented),
        _SCOREBOARD: canonical_json(product.scoreboard.document()),
        _CARD: product.model_card.encode(),
        **{_grid(str(grid.month)): grid.data for grid in product.grids},
        **{f"{_FOLDER}/{name}": data for name, data in _others(product).items()},
    }
    return files if product.trends is None else files | {_TRENDS: product.trends}


def read_product(workspace: Workspace, head: MappedHead) -> Product:
    """What `pack_product` made.

    Raises:
        InputRefused: A file is absent or damaged.
    """
    return Product(
        grids=tuple(decode_grid(Month.parse(month), workspace.data(head, _grid(month))) for month in head.grids),
        estimates=read_estimates(workspace.data(head, _ESTIMATES)),
        explanations=read_explanations(workspace.data(head, _EXPLANATIONS)),
        scoreboard=Scoreboard.parse(workspace.data(head, _SCOREBOARD), _SCOREBOARD, InputRefused, _HINT),
        model_card=workspace.data(head, _CARD).decode(),
        trends=workspace.data(head, _TRENDS) if _TRENDS in head.files else None,
        revisions=_those_kept(workspace, head, _REVISIONS),
        outlines=_those_kept(workspace, head, OUTLINES),
        cube=_those_kept(workspace, head, tuple(name for name in _names(head) if name.startswith(f"{CUBE}/"))),
    )


def _others(product: Product) -> dict[str, bytes]:
    """Objects that are bytes already, by name."""
    return {**product.revisions, **product.outlines, **product.cube}


def _names(head: MappedHead) -> list[str]:
    return [file.removeprefix(f"{_FOLDER}/") for file in head.files]


def _those_kept(workspace: Workspace, head: MappedHead, names: tuple[str, ...]) -> dict[str, bytes]:
    files = {name: f"{_FOLDER}/{name}" for name in names}
    return {name: workspace.data(head, file) for name, file in files.items() if file in head.files}


def _grid(month: str) -> str:
    return f"{_FOLDER}/grids/{month}.tif"

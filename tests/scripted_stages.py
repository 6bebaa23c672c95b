"""Stages that do what a script says, and a pack for them: a double of `gvio.stages.table.AllStages`.

`publish` is the real protocol of the store: it writes a small release whole and moves the pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gvio.publish.knowledge import Knowledge
from gvio.run import artifacts as a
from gvio.run.context import Context
from gvio.run.made import Kept, Made
from gvio.store.writing import write_release
from gvio.types import Month

DISTRICTS = """{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"district_id": "east", "name": "East"}, "geometry": {"type": "Polygon",
 "coordinates": [[[120.05, 30.9], [120.1, 30.9], [120.1, 31.0], [120.05, 31.0], [120.05, 30.9]]]}},
{"type": "Feature", "properties": {"district_id": "west", "name": "West"}, "geometry": {"type": "Polygon",
 "coordinates": [[[120.0, 30.9], [120.05, 30.9], [120.05, 31.0], [120.0, 31.0], [120.0, 30.9]]]}}]}"""
FACTORIES = "factory_id,lon,lat\nF1,120.07,30.95\nF2,120.02,30.95\n"
STATISTICS = """area_id,start,end,value,kind,published
CITY,2021-01,2021-01,40.5,current,2021-02-17
CITY,2021-02,2021-02,41.5,current,2021-03-17
CITY,2021-03,2021-03,42.5,current,2021-04-17
"""


def write_pack(folder: Path, region_yaml: str) -> Path:
    """A correct pack without light: the scripted stages look at none."""
    folder.mkdir(parents=True)
    (folder / "region.yaml").write_text(region_yaml)
    (folder / "districts.geojson").write_text(DISTRICTS)
    (folder / "factories.csv").write_text(FACTORIES)
    (folder / "statistics.csv").write_text(STATISTICS)
    return folder


class ScriptedStages:
    """Each stage does what stands next in its list: raise an error, call a function, or (None) succeed.

    `calls` are the stages in the order in which they ran, retries included; `light` and `registry` tokens of a look;
    `decision` what `decide` says.
    """

    def __init__(self, make_release: Callable[..., Any], **acts: list[Any]) -> None:
        self.make_release, self.acts = make_release, acts
        self.calls: list[str] = []
        self.contexts: list[Context] = []
        self.light, self.registry = "files of today", "no champion"
        self.decision = "promoted"

    def try_workers(self, context: Context) -> None:
        self._act("workers", context)

    def light_token(self, context: Context) -> str:
        self._act("look", context)
        return self.light

    def registry_token(self, context: Context) -> str | None:
        return self.registry

    def champion(self, context: Context, month: Month) -> None:
        return None

    def fetch(self, context: Context) -> Any:
        head = a.FetchedHead(**self._head("fetch", context), light=self.light)
        return a.Fetched(context.workspace.keep(head, {}), _no_payload())

    def validate(self, context: Context, fetched: Any) -> Any:
        return a.Checked(context.workspace.keep(a.CheckedHead(**self._head("validate", context), results=()), {}))

    def sample(self, context: Context, fetched: Any, checked: Any) -> Any:
        facts = {"n_factories": 2, "n_districts": 2, "urban_derived": True}
        head = a.SampledHead(**self._head("sample", context), **facts)
        return a.Sampled(context.workspace.keep(head, {}), _no_payload())

    def train(self, context: Context, fetched: Any, sampled: Any, champion: Any) -> Any:
        facts = {"reason": "retrain: scripted", "weights_sha256": "0" * 64, "mean_best_epoch": 1.0, "started_from": ""}
        head = a.TrainedHead(**self._head("train", context), **facts)
        return a.Trained(context.workspace.keep(head, {}), _no_payload())

    def evaluate(self, context: Context, sampled: Any, trained: Any) -> Any:
        facts = {"weights_sha256": "0" * 64, "skill": "weak", "verdict": "A script."}
        head = a.EvaluatedHead(**self._head("evaluate", context), **facts)
        return a.Evaluated(context.workspace.keep(head, {}), _no_payload(), _no_payload(), _no_payload())

    def decide(self, context: Context, sampled: Any, evaluated: Any, champion: Any) -> Any:
        head = a.DecidedHead(
            **self._head("decide", context), version=1, decision=self.decision, reason="promote: scripted"
        )
        return a.Decided(context.workspace.keep(head, {}), None)  # type: ignore[arg-type]

    def map_(self, context: Context, fetched: Any, sampled: Any, decided: Any) -> Any:
        from gvio.run.inputs import release_digests

        made = self._head("map", context)
        digests = release_digests(context, fetched.head.light, made["month"])
        config, areas = context.config, {"east": "East", "west": "West", "CITY": "City"}
        told = {"title": "Testland", "unit": "million CNY", "city_id": config.city_id, "areas": areas}
        told |= {"bounds": config.bounds, "product": "vnl-monthly"}
        inputs = a.RunInputs(**digests.model_dump(), input_key=digests.key, **told, newest_files=(), missing_months=())
        model = {"name": "gvio-testland", "version": 1, "weights_sha256": "0" * 64, "reason": "r", "trained": "2021-01"}
        model["config_sha256"] = "1" * 64
        head = a.MappedHead(
            **made,
            city=1.0,
            unit="million CNY",
            grids=(made["month"],),
            inputs=inputs,
            model=a.ModelStamp(**model, decision="promote: scripted"),
            code=context.code,
            as_of=str(context.as_of),
            skill="weak",
            checks=(),
        )
        return a.Mapped(context.workspace.keep(head, {}), _no_payload())

    def publish(self, context: Context, checked: Any, mapped: Any, before: Any) -> Any:
        head = mapped.head
        known = Knowledge(Month.parse(head.month), head.inputs.figures_public_until, head.as_of)
        document = {"inputs": head.inputs.as_document(), "model": head.model.model_dump(mode="json")}
        made = self._head("publish", context)
        release = self.make_release(head.month, knowledge=known, **document)
        why = context.request.supersede
        report = write_release(context.store, context.region, release, None, before, supersede=why, clock=context.clock)
        facts = {"release": report.release, "store": context.request.store, "outcome": report.outcome}
        sent = {"uploaded": report.uploaded, "uploaded_bytes": report.uploaded_bytes}
        return a.Published(context.workspace.keep(a.PublishedHead(**made, **facts, **sent), {}))

    def _head(self, stage: str, context: Context) -> dict[str, Any]:
        self._act(stage, context)
        month = context.month or Month.parse("2021-03")
        return {"made": Made(stage=stage, inputs={"call": str(len(self.calls))}, source="script"), "month": str(month)}

    def _act(self, stage: str, context: Context) -> None:
        if stage != "look":
            self.calls.append(stage)
            self.contexts.append(context)
        act = self.acts[stage].pop(0) if self.acts.get(stage) else None
        if isinstance(act, Exception):
            raise act
        if act is not None:
            act(context)


def _no_payload() -> Kept[Any]:
    def read() -> Any:
        raise AssertionError("a scripted stage hands on heads only")

    return Kept(read)

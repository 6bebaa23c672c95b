"""Packs and light under `s3://`: the same as in a folder, fetched once, exact, and never half."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from broken_s3 import PAGE, broken_s3
from click.testing import CliRunner

from gvio.cli.model import registry
from gvio.errors import ConfigError, PackError, StoreError, UpstreamUnavailable
from gvio.region.pack import read_pack
from gvio.run.context import Context, open_context
from gvio.run.request import RunRequest
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.stages.fetch import fetch
from gvio.store.mirror import RECORD, MirrorReport, mirror_prefix

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("s3_credentials")]

BUCKET = "gvio-contract"


class Upstream:
    """A prefix of its own in the real bucket."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        self.prefix = uuid.uuid4().hex

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}"

    def put(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"{self.prefix}/{name}", Body=data)

    def delete(self, name: str) -> None:
        self.client.delete_object(Bucket=BUCKET, Key=f"{self.prefix}/{name}")

    def put_folder(self, folder: Path, below: str = "") -> None:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            self.put(below + path.relative_to(folder).as_posix(), path.read_bytes())

    def mirror(self, into: Path, **more: Any) -> MirrorReport:
        return mirror_prefix(self.url, into, self.endpoint, **more)


@pytest.fixture
def upstream(s3_endpoint: str) -> Upstream:
    return Upstream(s3_endpoint)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("origin") / "pack"
    spec = WorldSpec(name="remote", bounds=(121.0, 31.0, 121.1, 31.1), months=13, n_districts=2, n_factories=20)
    simulate_pack(folder, spec, 3)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Everything in a mirror but its record."""
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    found.pop(RECORD)
    return found


def test_a_prefix_is_repeated_then_nothing_is_fetched_again(upstream: Upstream, tmp_path: Path) -> None:
    files = {"region.yaml": b"a: 1\n", "ntl/2020/a.tif": b"x" * 3_000_000, "ntl/数据 (1).tif": b"", "z.csv": b"z"}
    for name, data in files.items():
        upstream.put(name, data)
    upstream.put(".DS_Store", b"no input")
    neighbour = f"{upstream.prefix}-two/other.csv"
    upstream.client.put_object(Bucket=BUCKET, Key=neighbour, Body=b"another prefix that begins alike")
    seen: list[tuple[str, int, int]] = []
    first = upstream.mirror(tmp_path / "m", progress=lambda *step: seen.append(step))
    assert contents(tmp_path / "m") == files
    assert first == MirrorReport(upstream.url, 4, tuple(sorted(files)), tuple(sorted(files)), ())
    assert seen == [("fetching from S3", done, 4) for done in (1, 2, 3, 4)]
    before = {name: (tmp_path / "m" / name).stat().st_mtime_ns for name in files}
    second = upstream.mirror(tmp_path / "m")
    assert (second.fetched, second.removed, second.files) == ((), (), first.files)
    assert {name: (tmp_path / "m" / name).stat().st_mtime_ns for name in files} == before


def test_only_what_changed_is_fetched_again(upstream: Upstream, tmp_path: Path) -> None:
    for name in ("same.csv", "longer.csv", "other.csv", "lost.csv", "cut.csv"):
        upstream.put(name, b"12345")
    upstream.mirror(tmp_path / "m")
    upstream.put("longer.csv", b"123456")
    upstream.put("other.csv", b"54321")  # the same size: only its ETag tells
    (tmp_path / "m" / "lost.csv").unlink()
    (tmp_path / "m" / "cut.csv").write_bytes(b"123")
    assert upstream.mirror(tmp_path / "m").fetched == ("cut.csv", "longer.csv", "lost.csv", "other.csv")
    expected = {"same.csv": b"12345", "longer.csv": b"123456", "other.csv": b"54321", "lost.csv": b"12345"}
    assert contents(tmp_path / "m") == expected | {"cut.csv": b"12345"}


def test_what_is_gone_upstream_is_removed(upstream: Upstream, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    for name in ("stays.csv", "goes.csv", "ntl/old/a.tif", "swap/inner.csv", "link/a.csv"):
        upstream.put(name, b"1")
    upstream.mirror(tmp_path / "m")
    for name in ("goes.csv", "ntl/old/a.tif", "swap/inner.csv"):
        upstream.delete(name)
    upstream.put("swap", b"a file where a folder was")
    (tmp_path / "m" / "link" / "a.csv").unlink()
    (tmp_path / "m" / "link").rmdir()
    (tmp_path / "m" / "link").symlink_to(elsewhere)  # would lead the download out of the folder
    report = upstream.mirror(tmp_path / "m")
    assert set(report.removed) == {"goes.csv", "ntl/old/a.tif", "swap/inner.csv", "link"}
    assert contents(tmp_path / "m") == {"stays.csv": b"1", "swap": b"a file where a folder was", "link/a.csv": b"1"}
    assert not (tmp_path / "m" / "ntl").exists()
    assert [p.name for p in elsewhere.iterdir()] == ["mine.txt"]


def test_only_wanted_objects_are_kept(upstream: Upstream, tmp_path: Path) -> None:
    for name in ("a.tif", "b.tif", "readme.txt"):
        upstream.put(name, b"1")
    upstream.mirror(tmp_path / "m")
    report = upstream.mirror(tmp_path / "m", keep=lambda name: name.endswith(".tif"))
    assert (report.listed, report.files, report.removed) == (3, ("a.tif", "b.tif"), ("readme.txt",))


def test_more_objects_than_one_page_lists(tmp_path: Path) -> None:
    files = {f"{number}.csv": b"1" * number for number in range(2 * PAGE + 1)}
    with broken_s3({f"p/{name}": data for name, data in files.items()}) as server:
        mirror_prefix("s3://b/p", tmp_path / "m", server.url)
    assert contents(tmp_path / "m") == files


def test_another_prefix_and_a_damaged_record_are_fetched_anew(upstream: Upstream, tmp_path: Path) -> None:
    upstream.put("one/a.csv", b"1")
    upstream.put("two/a.csv", b"1")
    mirror_prefix(f"{upstream.url}/one", tmp_path / "m", upstream.endpoint)
    assert mirror_prefix(f"{upstream.url}/two/", tmp_path / "m", upstream.endpoint).fetched == ("a.csv",)
    (tmp_path / "m" / RECORD).write_text("{half")
    assert mirror_prefix(f"{upstream.url}/two/", tmp_path / "m", upstream.endpoint).fetched == ("a.csv",)


def test_nothing_there_is_told_and_what_was_fetched_stays(upstream: Upstream, tmp_path: Path) -> None:
    upstream.put("a.csv", b"1")
    upstream.mirror(tmp_path / "m")
    upstream.delete("a.csv")
    with pytest.raises(PackError, match=rf"no objects under {upstream.url}\. Check the address"):
        upstream.mirror(tmp_path / "m")
    assert contents(tmp_path / "m") == {"a.csv": b"1"}


def test_no_bucket_and_no_keys_are_told(s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        StoreError, match=r"there is no such bucket\. Create the bucket, or correct the pack's or the l"
    ):
        mirror_prefix("s3://no-such-bucket-here/pack", tmp_path / "m", s3_endpoint)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(StoreError, match=rf"s3://{BUCKET}/pack: no usable S3 credentials\. Set AWS_ACCESS_KEY_ID"):
        mirror_prefix(f"s3://{BUCKET}/pack", tmp_path / "m", s3_endpoint)


@pytest.mark.parametrize("key", ["p/../../evil.csv", "p//etc/evil.csv", "p/ntl/../../evil.csv"])
def test_a_key_that_leads_out_of_the_folder_is_refused_before_anything_is_fetched(tmp_path: Path, key: str) -> None:
    message = r"is no path inside a folder\. Rename or remove the object"
    with broken_s3({"p/a.csv": b"1", key: b"evil"}) as server, pytest.raises(PackError, match=message):
        mirror_prefix("s3://b/p", tmp_path / "deep" / "m", server.url)
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".csv")]


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("short", StoreError, r"s3://b/p/b\.csv: 9 bytes came, 10 were listed\. Run again"),
        ("break", UpstreamUnavailable, r"s3://b/p/b\.csv: the S3 server does not answer \(.*fetched whole is kept"),
    ],
)
def test_an_answer_that_breaks_off_leaves_the_old_file(tmp_path: Path, fault: str, kind: Any, message: str) -> None:
    with broken_s3({"p/a.csv": b"1", "p/b.csv": b"old"}) as server:
        mirror_prefix("s3://b/p", tmp_path / "m", server.url)
        server.objects["p/b.csv"], server.fault = b"0123456789", fault
        with pytest.raises(kind, match=message):
            mirror_prefix("s3://b/p", tmp_path / "m", server.url)
        assert (tmp_path / "m" / "b.csv").read_bytes() == b"old"
        server.fault = None
        assert mirror_prefix("s3://b/p", tmp_path / "m", server.url).fetched == ("b.csv",)
    assert contents(tmp_path / "m") == {"a.csv": b"1", "b.csv": b"0123456789"}


PROGRAM = """
import pathlib, sys
from gvio.store.mirror import mirror_prefix
mirror_prefix("s3://b/p", pathlib.Path(sys.argv[1]), sys.argv[2])
"""


def test_a_download_that_is_killed_leaves_no_half_file(tmp_path: Path) -> None:
    data = bytes(range(256)) * 20_000

    def came() -> int:
        return sum(path.stat().st_size for path in (tmp_path / "m").glob(".a.tif.*.partial"))

    with broken_s3({"p/a.tif": data}, "stall") as server:
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path / "m"), server.url], env=os.environ)
        try:
            assert server.half_sent.wait(30)
            for _ in range(300):
                if came():
                    break
                server.ended.wait(0.05)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert 0 < came() < len(data)
        assert not (tmp_path / "m" / "a.tif").exists()
        server.fault = None
        mirror_prefix("s3://b/p", tmp_path / "m", server.url)
    assert contents(tmp_path / "m") == {"a.tif": data}, "the rest of the killed one is gone, too"


def context_of(location: str, workspace: Path, endpoint: str | None = None) -> Context:
    places = {"pack": location, "store": str(workspace / "store"), "workspace": str(workspace)}
    return open_context(RunRequest(**places, as_of=dt.date(2019, 3, 1), endpoint_url=endpoint))


def test_a_pack_and_its_light_under_s3_are_the_same_as_in_a_folder(
    upstream: Upstream, pack: Path, tmp_path: Path
) -> None:
    upstream.put_folder(pack)
    here = context_of(str(pack), tmp_path / "here")
    there = context_of(f"{upstream.url}/", tmp_path / "there", upstream.endpoint)
    assert there.root.parent == tmp_path / "there" / ".packs"
    assert contents(there.root) == {
        p.relative_to(pack).as_posix(): p.read_bytes() for p in pack.rglob("*") if p.is_file()
    }
    assert read_pack(there.root).factories.equals(read_pack(here.root).factories)
    assert fetch(there).head.light == fetch(here).head.light
    again = context_of(upstream.url, tmp_path / "there", upstream.endpoint)
    assert again.root == there.root


def test_the_registry_knows_the_region_of_a_pack_under_s3(
    upstream: Upstream, pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.put("region.yaml", (pack / "region.yaml").read_bytes())
    monkeypatch.setenv("AWS_ENDPOINT_URL", upstream.endpoint)
    outcome = CliRunner().invoke(registry, ["list", "--region", upstream.url, "--workspace", str(tmp_path)])
    assert outcome.exit_code == 0
    assert outcome.output.startswith("no model of remote was registered yet in the workspace ")


@pytest.mark.parametrize("pack", ["https://host/pack", "gs://bucket/pack"])
def test_a_pack_elsewhere_is_refused(pack: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"a region pack cannot be read from '{pack}'\. Give a folder or s3://"):
        context_of(pack, tmp_path)


def test_light_under_s3_goes_to_the_workspace(upstream: Upstream, pack: Path, tmp_path: Path) -> None:
    upstream.put_folder(pack / "ntl", "light/")
    upstream.put("light/readme.txt", b"not a product")
    oldest = next(p for p in sorted((pack / "ntl").iterdir()))
    upstream.put(f"light/{oldest.name.replace('_2018', '_2017').replace('-2018', '-2017')}", b"before the first month")
    context = context_of(str(repointed(pack, tmp_path, f"{upstream.url}/light")), tmp_path / "w", upstream.endpoint)
    found = fetch(context)
    assert found.head.light == fetch(context_of(str(pack), tmp_path / "here")).head.light
    assert set(contents(context.path("ntl"))) == {p.name for p in (pack / "ntl").iterdir()}
    assert found.head.month == "2019-01"


def test_a_source_without_products_says_what_to_do(upstream: Upstream, pack: Path, tmp_path: Path) -> None:
    upstream.put("readme.txt", b"not a product")
    context = context_of(str(repointed(pack, tmp_path / "a", upstream.url)), tmp_path / "w", upstream.endpoint)
    message = (
        rf"{upstream.url}: none of 1 object\(s\) is a vnl-monthly product of 2018-01 or later\. Put files there under"
    )
    with pytest.raises(UpstreamUnavailable, match=message):
        fetch(context)


def test_names_that_are_nearly_official_are_named_under_s3_as_in_a_folder(
    upstream: Upstream, pack: Path, tmp_path: Path
) -> None:
    upstream.put_folder(pack / "ntl", "light/")
    newest = sorted(p for p in (pack / "ntl").iterdir() if "_20190101-" in p.name)
    for path in newest:
        upstream.delete(f"light/{path.name}")
        upstream.put(f"light/2019/{path.name}.gz", path.read_bytes())
    folder = repointed(pack, tmp_path, f"{upstream.url}/light")
    found = fetch(context_of(str(folder), tmp_path / "w", upstream.endpoint))
    (note,) = [note for note in found.head.notes if note.name == "light.names"]
    assert note.message.startswith(f"{len(newest)} file(s) look like vnl-monthly but are not: {newest[0].name}.gz, ")
    assert "Unpack .gz" in note.message
    assert note.observed["months"] == ["2019-01"]
    for path in newest:
        upstream.put(f"light/{path.name}", path.read_bytes())
        upstream.delete(f"light/2019/{path.name}.gz")
    mended = fetch(context_of(str(folder), tmp_path / "w", upstream.endpoint))
    assert (mended.head.month, [n for n in mended.head.notes if n.name == "light.names"]) == ("2019-01", [])


def test_light_under_s3_that_is_all_packed_is_not_waited_for(upstream: Upstream, pack: Path, tmp_path: Path) -> None:
    for path in (pack / "ntl").iterdir():
        upstream.put(f"{path.name}.gz", path.read_bytes())
    context = context_of(str(repointed(pack, tmp_path / "a", upstream.url)), tmp_path / "w", upstream.endpoint)
    with pytest.raises(PackError, match=r"26 file\(s\) look like vnl-monthly but are not: .* Unpack \.gz"):
        fetch(context)


def repointed(pack: Path, parent: Path, source: str) -> Path:
    """The pack without light, whose `ntl.source` is another."""
    folder = parent / "repointed"
    folder.mkdir(parents=True)
    for path in (p for p in pack.iterdir() if p.is_file()):
        (folder / path.name).write_bytes(path.read_bytes())
    config = yaml.safe_load((folder / "region.yaml").read_text())
    config["ntl"]["source"] = source
    (folder / "region.yaml").write_text(yaml.safe_dump(config))
    return folder

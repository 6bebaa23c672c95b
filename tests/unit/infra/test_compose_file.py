"""`infra/compose.yaml`: pinned, private, health-checked, and told by the same `.env` as the stack."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from infra.stack.provision import write_files
from infra.stack.settings import PACK, PORTS, SECRETS, Settings

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "infra/compose.yaml").read_text()
FILE = yaml.safe_load(TEXT)
ONCE = {"buckets", "pipeline-user", "deployments"}


def test_one_file_of_settings_serves_both_forms() -> None:
    asked = set(re.findall(r"\$\{([A-Z0-9_]+)", TEXT)) - {"GVIO_VERSION"}
    assert asked == {*PORTS, *SECRETS, PACK} - {"WORKER_PORT"}


def test_every_service_is_pinned_unprivileged_and_health_checked() -> None:
    recipe = (ROOT / "infra/Dockerfile").read_text()
    assert re.search(r"^FROM python:\d+\.\d+\.\d+-slim-bookworm", recipe, re.MULTILINE)
    assert "USER 10001:10001" in recipe
    for name, service in FILE["services"].items():
        assert re.fullmatch(r"gvio:.+|postgres:\d+\.\d+-bookworm", service["image"]), name
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert ("healthcheck" in service) is (name not in ONCE), name
        assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name
    assert FILE["services"]["postgres"]["user"] == "postgres"


def test_state_is_in_volumes() -> None:
    held = {v.partition(":")[0] for s in FILE["services"].values() for v in s.get("volumes", [])}
    assert set(FILE["volumes"]) <= held


def test_keys_have_the_rights_that_the_stack_gives_them(tmp_path: Path) -> None:
    import json

    settings = Settings(tmp_path, {name: f"{name}" for name in (*SECRETS, *PORTS)})
    write_files(settings)
    ours = json.loads((tmp_path / "s3/s3.json").read_text())
    theirs = json.loads(re.sub(r"\$\{(\w+):\?\}", r"\1", FILE["configs"]["identities"]["content"]))
    assert theirs == ours
    lines = {line.partition(" = ")[0] for line in (tmp_path / "mlflow/auth.ini").read_text().splitlines()}
    assert {line.partition(" = ")[0] for line in FILE["configs"]["users"]["content"].splitlines()} == lines - {""}

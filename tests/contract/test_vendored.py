"""The third-party browser files that we serve are exactly the ones that static/vendor/MANIFEST.json names."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text())
PACKAGES = json.loads((ROOT / "package.json").read_text())["dependencies"]


def _sha384(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


@pytest.mark.parametrize("row", MANIFEST, ids=lambda row: row["file"])
def test_each_file_has_the_hash_of_the_manifest(row: dict[str, str]) -> None:
    path = STATIC / row["file"]
    assert path.is_file(), "npm run vendor makes it"
    assert _sha384(path) == row["sha384"], "changed since it was copied: vendored files are never edited"


def test_no_file_is_vendored_without_being_in_the_manifest() -> None:
    found = {str(path.relative_to(STATIC)) for path in VENDOR.rglob("*") if path.is_file()}
    listed = {row["file"] for row in MANIFEST if row["file"].startswith("vendor/")}
    assert found - {"vendor/MANIFEST.json"} == listed


def test_every_version_is_the_one_that_package_json_pins() -> None:
    assert {row["package"]: row["version"] for row in MANIFEST} == PACKAGES
    inexact = [name for name, version in PACKAGES.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)]
    assert not inexact, "pin one exact version, so that the same files come out tomorrow"


def test_the_lock_pins_the_same_versions() -> None:
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in PACKAGES} == PACKAGES


def test_every_package_has_its_licence_beside_its_files() -> None:
    licences = {row["package"] for row in MANIFEST if row["file"].endswith("/LICENSE")}
    assert licences == set(PACKAGES)
    assert all((STATIC / row["file"]).stat().st_size > 100 for row in MANIFEST if row["file"].endswith("/LICENSE"))


def test_notice_names_every_package_with_version_and_licence() -> None:
    notice = " ".join((ROOT / "NOTICE").read_text().split())
    for row in MANIFEST:
        assert f"{row['package']} {row['version']}" in notice and row["licence"] in notice


def test_the_one_stylesheet_and_script_are_made_of_what_is_there() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: nobody can tell whether static/app.css is up to date")
    done = subprocess.run([node, "static/bundle.mjs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout


def test_no_page_loads_anything_from_another_host() -> None:
    """Our own stylesheets, scripts and templates: a dashboard behind a firewall must not wait for the internet."""
    own = [*ROOT.glob("templates/**/*.html"), *STATIC.glob("js/*.js"), *STATIC.glob("css/*.css"), STATIC / "app.css"]
    pattern = re.compile(r"""(?:src|srcset|import|@import|url)\s*[=(]?\s*["'(]?\s*(?:https?:)?//""")
    loading = [
        f"{path.relative_to(ROOT)}: {found.group()}" for path in own for found in pattern.finditer(path.read_text())
    ]
    linked = [
        str(path.relative_to(ROOT))
        for path in own
        if re.search(r"<link[^>]+href=[\"']?(?:https?:)?//", path.read_text())
    ]
    assert not loading and not linked


def test_no_rule_has_all_that_is_beside_something_new_styled_again() -> None:
    """`a + *` and `> :first-child` do: every insertion into a list of thousands of rows would look at each of them."""
    selectors = re.findall(r"[^{}]+(?=\{)", (STATIC / "app.css").read_text())
    singles = [one.strip() for head in selectors for one in head.split(",")]
    assert ".tl-row:last-child" in singles
    everything = re.compile(r"[+~]\s*\*|(^|[\s>+~]):(first|last|only|nth)-", re.ASCII)
    assert [one for one in singles if everything.search(one)] == []

#!/bin/sh
# Builds what a release holds into dist/: sdist, wheel, and CHANGES.md, its part of the change log. On a tagged commit only.
set -eu
tag="$(git describe --exact-match --tags --dirty --match 'v[0-9]*' 2>/dev/null || true)"
case "$tag" in
"" | *-dirty)
    echo "release.sh: this is no clean commit with a tag vX.Y.Z; commit, then: git tag vX.Y.Z" >&2
    exit 1
    ;;
esac
version="${tag#v}"
rm -rf dist
mkdir dist
sh infra/changes.sh "$version" >dist/CHANGES.md
python="${PYTHON:-python3.11}"
command -v "$python" >/dev/null 2>&1 || python=python3
venv=.venv-build
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "uv>=0.9" "twine>=6"
"$venv/bin/uv" build --quiet --out-dir dist
rm -f dist/.gitignore
"$venv/bin/twine" check --strict dist/*.whl dist/*.tar.gz
# Both must install by themselves, the sdist without git, and say the version of the tag.
for package in dist/*.whl dist/*.tar.gz; do
    VIRTUAL_ENV="$venv" "$venv/bin/uv" pip install --quiet --no-deps --reinstall "./$package"
    told="$("$venv/bin/python" -I -c 'import importlib.metadata as m; print(m.version("gvio"))')"
    if [ "$told" != "$version" ]; then
        echo "release.sh: $package says version $told instead of $version" >&2
        exit 1
    fi
done
ls -l dist

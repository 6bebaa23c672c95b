#!/bin/sh
# Prints the part of CHANGELOG.md that belongs to one version: changes.sh VERSION. Fails when there is none, or when the
# version is still called unreleased.
set -eu
version="${1:?usage: changes.sh VERSION}"
log="${CHANGELOG:-CHANGELOG.md}"
part="$(awk -v version="$version" '
    /^## / { inside = ($2 == version && $0 !~ /unreleased/); next }
    inside { print }
' "$log")"
if [ -z "$(printf %s "$part" | tr -d '[:space:]')" ]; then
    echo "changes.sh: $log has no part '## $version (YYYY-MM-DD)' with text; write it, commit, and move the tag" >&2
    exit 1
fi
printf '%s\n' "$part" | sed '/./,$!d'

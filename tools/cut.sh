#!/usr/bin/env bash
# Makes the changes of a release commit, or of the one that begins the next version. docs/release.md says when.
#
#   tools/cut.sh VERSION          # VERSION is released today
#   tools/cut.sh --open VERSION   # VERSION is worked on from now on
#
# Changes Version.props, CHANGELOG.md and, at a release, the public interface that is shipped. It commits nothing.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
stop() {
    echo "cut: $1" >&2
    exit 1
}

opens=
if [[ ${1:-} == --open ]]; then
    opens=1
    shift
fi
version=${1:-}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || stop "expected a version such as 1.2.3, not \"$version\""
cd -- "$root"
[[ -z $(git status --porcelain) ]] || stop "the checkout has changes: commit them first"
last=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Version.props)

# 1.0.0-alpha.1 comes before 1.0.0, as in dpkg's order with "~".
dpkg --compare-versions "${version/-/\~}" gt "${last/-/\~}" || stop "$version is not above $last"
if [[ -n $opens ]]; then
    sed -i "s:<Version>.*</Version>:<Version>$version-alpha.1</Version>:" Version.props
    sed -i "0,/^## /s:^## :## $version, unreleased\n\n- Nothing yet.\n\n## :" CHANGELOG.md
    exit
fi
grep -q "^## $version, unreleased\$" CHANGELOG.md || stop "CHANGELOG.md has no heading \"## $version, unreleased\""
sed -i "s:<Version>.*</Version>:<Version>$version</Version>:" Version.props
sed -i "s:^## $version, unreleased\$:## $version, $(date --utc +%F):" CHANGELOG.md
tools/api-baseline.sh --ship

#!/usr/bin/env bash
# Writes what the packages' public interface is now into src/*/PublicAPI.*.txt, which the analyzer compares with the code.
#
#   tools/api-baseline.sh          # what is new goes to PublicAPI.Unshipped.txt, and what is gone leaves it
#   tools/api-baseline.sh --ship   # at a release: what is unshipped becomes PublicAPI.Shipped.txt
#
# A line of PublicAPI.Shipped.txt that is no longer true is left, so that the build refuses the change (RS0017).
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
who=api-baseline
# shellcheck source=tools/build.sh
. "$root/tools/build.sh"
need_dotnet
export LC_ALL=C
readonly first='#nullable enable'

# The lines of a list: list FILE
list() { grep -vxF "$first" "$1" || true; }

projects=(WgProxy.Core WgProxy.Linux WgProxy.Portable)
if [[ ${1:-} != --ship ]]; then
    # What no list has is what the analyzer misses.
    for project in "${projects[@]}"; do
        echo "$first" >"$root/src/$project/PublicAPI.Unshipped.txt"
    done
    said=$(dotnet build "$root/src/Packages.slnf" --configuration Release --no-incremental --nologo --verbosity quiet \
        --property:RunAnalyzers=true --property:TreatWarningsAsErrors=false) || { echo "$said"; exit 1; }
fi
for project in "${projects[@]}"; do
    shipped=$root/src/$project/PublicAPI.Shipped.txt unshipped=$root/src/$project/PublicAPI.Unshipped.txt
    if [[ ${1:-} == --ship ]]; then
        lines=$(cat <(list "$shipped") <(list "$unshipped") | sort -u)
        printf '%s\n' "$first" ${lines:+"$lines"} >"$shipped"
        echo "$first" >"$unshipped"
    else
        lines=$(sed -n "s/.*RS0016: Symbol '\(.*\)' is not part of the declared public API.*\/$project.csproj\]$/\1/p" <<<"$said" | sort -u)
        printf '%s\n' "$first" ${lines:+"$lines"} >"$unshipped"
    fi
    say "$project: $(list "$shipped" | wc -l) lines shipped, $(list "$unshipped" | wc -l) not shipped"
done

#!/usr/bin/env bash
# Packs WgProxy.Core and the engines as NuGet packages of the version in Version.props, into artifacts/packages.
#
#   tools/pack.sh [ARGUMENT...]     # arguments are dotnet pack's, such as --no-build
#
# samples/nuget.config reads that folder. docs/embedding.md says what to do with the packages.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
who=pack
# shellcheck source=tools/build.sh
. "$root/tools/build.sh"
need_dotnet
packages=$root/artifacts/packages

# Whoever restores takes what is there: neither an older version nor an unpacked copy of this one may be left.
rm -rf "$packages" "$root/artifacts/samples/packages"/wgproxy.*
dotnet pack "$root/src/Packages.slnf" --configuration Release --nologo --verbosity quiet \
    --property:PackageOutputPath="$packages" --property:ContinuousIntegrationBuild=true "$@"
ls "$packages"/*.nupkg

#!/usr/bin/env bash
# Writes what a native program is made of, as CycloneDX 1.6: the packages of its lock file, and the program's own hash.
#
#   tools/sbom.sh LOCKFILE PROGRAM >wgproxy.cdx.json
#
# The same program gives the same bytes. Needs jq.
set -euo pipefail

lock=${1:?usage: tools/sbom.sh LOCKFILE PROGRAM} program=${2:?usage: tools/sbom.sh LOCKFILE PROGRAM}
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Version.props")
hash=$(sha256sum "$program" | cut -d ' ' -f 1)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}

# What builds the program and stays out of it. The runtime of a native program comes with its compiler's package; that of another is not in the lock
# file, and has the version of the SDK's own packages.
jq --arg version "$version" --arg hash "$hash" --argjson epoch "$epoch" --arg file "$(basename "$lock")" '
    def purl: "pkg:nuget/\(.key)@\(.value.resolved)";
    . as $lock
    | [.dependencies[] | to_entries[]
        | select(.value.type != "Project"
            and ((.key | startswith("runtime.")) or ([.key] | inside(["Meziantou.Analyzer", "Microsoft.NET.ILLink.Tasks", "Microsoft.CodeAnalysis.BannedApiAnalyzers"])) | not))]
    | unique_by(.key) as $locked
    | (if any($locked[]; .key == "Microsoft.DotNet.ILCompiler") then [] else
        [("Microsoft.AspNetCore.App", "Microsoft.NETCore.App") | {
            key: "\(.).Runtime.\($file | ltrimstr("packages.") | rtrimstr(".lock.json"))",
            value: {resolved: $lock.dependencies["net10.0"]["Microsoft.NET.ILLink.Tasks"].resolved, type: "Direct"}}] end) as $runtime
    | ($runtime + $locked) as $packages
    | ($packages | map({key: .key, value: purl}) | from_entries) as $known
    | "pkg:generic/wgproxy@\($version)" as $self
    | {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bomFormat: "CycloneDX",
        specVersion: "1.6",
        serialNumber: ("urn:uuid:\($hash[0:8])-\($hash[8:12])-5\($hash[13:16])-8\($hash[17:20])-\($hash[20:32])"),
        version: 1,
        metadata: {
            timestamp: ($epoch | todate),
            component: {
                type: "application", "bom-ref": $self, name: "wgproxy", version: $version, purl: $self,
                licenses: [{expression: "BSD-2-Clause OR MIT"}],
                hashes: [{alg: "SHA-256", content: $hash}],
                properties: [{name: "wgproxy:lockfile", value: $file}]
            }
        },
        components: [$packages[] | {
            type: "library", "bom-ref": purl, name: .key, version: .value.resolved, purl: purl,
            licenses: [{license: {id: "MIT"}}]
        } + (if .value.contentHash then {properties: [{name: "nuget:contentHash", value: .value.contentHash}]} else {} end)],
        dependencies: (
            [{ref: $self, dependsOn: [$packages[] | select(.value.type == "Direct") | purl]}]
            + [$packages[] | {ref: purl, dependsOn: [(.value.dependencies // {}) | keys[] | $known[.] // empty]}])
    }' "$lock"

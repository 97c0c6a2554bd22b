#!/usr/bin/env bash
# Copies what a package has to read into a folder: README, changes, licences, notices, and docs. A link to a file that stays behind,
# such as a source or a measured result, becomes its words and the file's name.
#
#   tools/documents.sh FOLDER [FILE...]     # without these files
set -euo pipefail

folder=${1:?usage: tools/documents.sh FOLDER [FILE...]}
shift
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$folder"
folder=$(cd -- "$folder" && pwd)
cd -- "$root"
cp --parents README.md SECURITY.md ARCHITECTURE.md CHANGELOG.md LICENSE-BSD-2-Clause LICENSE-MIT THIRD-PARTY-NOTICES \
    docs/*.md docs/*.png docs/openapi.json docs/guides/*.md docs/decisions/*.md "$folder"
cd -- "$folder"
rm -f "$@"
# shellcheck disable=SC2016 # these are perl's variables
find . -name '*.md' -type f -print0 | xargs -0 perl -i -pe '
    sub kept {
        my ($words, $target) = @_;
        my ($file) = $target =~ /^([^#]*)/;
        my ($place) = $ARGV =~ m{^(.*/)};
        return "[$words]($target)" if $target =~ m{^[a-z]+:} || $file eq "" || -e "$place$file";
        my $name = "$place$file";
        $name =~ s{^\./}{};
        1 while $name =~ s{(^|/)[^/.][^/]*/\.\./}{$1};
        return index($words, $name) >= 0 ? $words : "$words ($name in the source)";
    }
    s{(?<!!)\[([^][]*)\]\(([^()\s]+)\)}{kept($1, $2)}ge;
'

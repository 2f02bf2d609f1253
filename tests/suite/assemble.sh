#!/usr/bin/env bash
# Puts the nt-suite of one architecture together: programs, driver, probe program and run.cmd, in
# one folder that needs nothing else.
#
#   tests/suite/assemble.sh ARCH OUT        (make nt-suite calls it for both)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
[ $# = 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
arch=$1 out=$2 from=${BUILD:-build}/$1

files=("$from/agent.exe" "$from/command-runner.exe" "$from/suite/suite.exe" "$from/suite/probe.exe"
    "$from/suite/setupsteps.exe" "$from/suite/hopdriver.exe" "$from/suite/hopchild.exe")
[ ! -e "$from/sandbox-setup.exe" ] || files+=("$from/sandbox-setup.exe" "$from/sandbox-events.dll")
for f in "${files[@]}"; do
    [ -e "$f" ] || { echo "assemble: $f is missing (make ARCH=$arch programs suite)" >&2; exit 1; }
done
rm -rf "$out"
mkdir -p "$out"
cp "${files[@]}" "$here/run.cmd" LICENSE "$out/"
# A batch file without CRLF misleads cmd.exe's search for labels.
if grep -qv $'\r$' "$out/run.cmd"; then echo "assemble: run.cmd has lines without CRLF" >&2; exit 1; fi
(cd "$out" && sha256sum -- * >/tmp/sums.$$ && mv /tmp/sums.$$ SHA256SUMS)
echo "assemble: $out" >&2

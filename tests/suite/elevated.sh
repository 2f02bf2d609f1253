#!/usr/bin/env bash
# The suite's elevated rows on ntwine or stock Wine, in a prefix that is up (ntwine's: NTWINE_ELEVATED=1).
#
#   tests/suite/elevated.sh PREFIX ntwine|stock
#
# ntwine, twice: as on a machine whose filter engine does not answer, all rows; then the rows of an installation by
# sandbox-setup.exe. Stock Wine: nothing may fail, and what it only pretends to do is skipped with the evidence.
# Ends with "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/../.."
prefix=$1 platform=$2
bin=${BUILD:-build}/${ARCH:-x86_64}
users=("$prefix"/drive_c/users/*/)
user=$(for u in "${users[@]}"; do basename "$u"; done | grep -vx Public | head -1)
# Set-up takes programs from a folder of the user's only.
dist=$prefix/drive_c/users/$user/nt-suite
mkdir -p "$dist"
cp "$bin"/{agent,command-runner,sandbox-setup}.exe "$bin"/sandbox-events.dll "$bin"/suite/*.exe "$dist/"
passed=0 failed=0 skipped=0

# part NAME OPTIONS...: one run, its summary added to ours
part() {
    local name=$1 out line p f s
    shift
    out=$(mktemp)
    timeout -k 5 400 scripts/wine run "$prefix" --timeout 380 "C:\\users\\$user\\nt-suite\\suite.exe" --elevated "$@" \
        >"$out" 2>&1 </dev/null
    line=$(tr -d '\r' <"$out" | grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' | tail -1)
    if [ -z "$line" ]; then
        echo "FAILED $name: no summary"
        tail -20 "$out"
        failed=$((failed + 1))
    else
        read -r p f s < <(sed -E 's/([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped/\1 \2 \3/' <<<"$line")
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        [ "$f" -eq 0 ] || tr -d '\r' <"$out" | grep -A12 '^not ok'
    fi
    last=$(tr -d '\r' <"$out")
    rm -f "$out"
}
# expect NAME PATTERN: some line of the last run matches
expect() {
    if grep -qE -- "$2" <<<"$last"; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED $1: no line matches '$2'"
        grep -E '^(not )?ok .* [MU][0-9]' <<<"$last" | tail -45 | cut -c1-300
    fi
}

case $platform in
ntwine)
    # The double of the filter engine answers as a machine without the service does, in every process.
    NTWINE_FAIL=$(for i in {1..20}; do printf 'FwpmEngineOpen0:%d:1062,' "$i"; done)
    export NTWINE_FAIL
    part "without a filter engine" --from U01
    unset NTWINE_FAIL
    expect "set-up refuses and leaves nothing" '^ok [0-9]+ - U01 [^#]*$'
    expect "set-up itself is not tried" '^ok [0-9]+ - U02 .*# SKIP no filter engine: .*0x426'
    expect "the rest is proved: accounts" '^ok [0-9]+ - U04 [^#]*$'
    expect "the rest is proved: both hops" '^ok [0-9]+ - U31 [^#]*$'
    expect "the rest is proved: named objects" '^ok [0-9]+ - U33b [^#]*$'
    expect "nothing is left" '^ok [0-9]+ - U95 [^#]*$'
    part "with one" --only U02,U03,U40,U41,U43,U95
    expect "set-up installs" '^ok [0-9]+ - U02 [^#]*$'
    expect "an offline command does not connect" '^ok [0-9]+ - U43 [^#]*$'
    expect "and nothing is left of that" '^ok [0-9]+ - U95 [^#]*$' ;;
stock)
    part "stock" --unconfined --from U01
    expect "accounts that are not there are noticed" '^ok [0-9]+ - M26 .*# SKIP NetUserAdd succeeded, the name is not found'
    expect "no row claims anything" '^ok [0-9]+ - U20a .*# SKIP'
    refused=$(grep -cE '^ok [0-9]+ - U[0-9]+[a-z]? [^#]*$' <<<"$last")
    if [ "$refused" -eq 0 ]; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED $refused elevated rows passed on a platform that cannot do any"
    fi ;;
*) echo "usage: tests/suite/elevated.sh PREFIX ntwine|stock" >&2; exit 2 ;;
esac
echo "all of it took $SECONDS s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

#!/bin/bash
# Tests of ntwine itself: selftest.sh [--keep]. Ends with "N passed, N failed, N skipped".
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/build}
case $build in /*) ;; *) build=$root/$build ;; esac
ntwine=${NTWINE_DIR:-$build/ntwine}
work=$(mktemp -d "$build/ntwine-selftest.XXXXXX")
wine=$root/scripts/wine
passed=0 failed=0 skipped=0

note() { # note NAME STATUS DETAIL
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "not ok $1: ${3-}"; fi
}

finish() {
    "$wine" down "$work/user" >/dev/null 2>&1
    "$wine" down "$work/admin" >/dev/null 2>&1
    [ "${1-}" = --keep ] || rm -rf "$work"
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ]
}

if [ ! -x "$ntwine/wineserver" ]; then
    rmdir "$work"
    echo "skip: ntwine is not built (tests/ntwine/build.sh)"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

count_probe() { # count_probe NAME FILE EXPECTED: at least so many checks, all ok, and the end was reached
    local ok
    ok=$(grep -c '^ok ' "$2")
    passed=$((passed + ok))
    failed=$((failed + $(grep -c '^not ok' "$2")))
    grep '^not ok' "$2" | sed "s/^/$1: /"
    tr -d '\r' <"$2" | grep -qx done
    note "$1__ran-to-its-end" $? "$(tail -3 "$2")"
    [ "$ok" -ge "$3" ]
    note "$1__at-least-$3-checks" $? "$ok"
}

# ---- as a standard user, and as an administrator ----
"$wine" up ntwine "$work/user" || { note prefix__up 1 "scripts/wine up failed"; finish "$@"; exit 1; }
"$wine" run "$work/user" --timeout 100 "$ntwine/probe.exe" user >"$work/user.out" 2>&1
count_probe user "$work/user.out" 103
NTWINE_ELEVATED=1 "$wine" up ntwine "$work/admin"
"$wine" run "$work/admin" --timeout 100 "$ntwine/probe.exe" admin >"$work/admin.out" 2>&1
count_probe admin "$work/admin.out" 50

# ---- what Unix sees ----
c=$work/user/drive_c
"$wine" run "$work/user" cmd /c 'mkdir C:\seen' >/dev/null 2>&1
"$ntwine/setsd" --get "$c/seen" | grep -q '^allow 13 001301bf S-1-5-11$'
note "xattr__a-new-folder-carries-its-descriptor" $? "$("$ntwine/setsd" --get "$c/seen" 2>&1)"
mkdir "$c/seen/host" && echo x >"$c/seen/host/file"
"$wine" run "$work/user" cmd /c 'echo y> C:\seen\host\file' >/dev/null 2>&1
[ "$(tr -d '\r\n' <"$c/seen/host/file")" = y ]
note "xattr__a-host-file-inherits-and-can-be-written" $?
"$ntwine/setsd" "$c/seen/host" 'O:LUG:LGD:P(A;OICI;FR;;;WD)'
"$wine" run "$work/user" cmd /c 'echo z> C:\seen\host\file' >/dev/null 2>&1
[ "$(tr -d '\r\n' <"$c/seen/host/file")" = y ]
note "xattr__a-host-file-below-a-read-only-folder-is-refused" $?
grep -q '"function": "NetUserAdd"' "$work/admin/ntwine-calls.jsonl"
note "state__calls-are-recorded" $?
! grep -q 'Correct-Horse' "$work/admin/ntwine-state.json" "$work/admin/ntwine-calls.jsonl"
note "state__deleted-account-leaves-no-password" $?
[ ! -s "$work/user/server.log" ]
note "server__no-complaints" $? "$(head -3 "$work/user/server.log")"

# ---- stock Wine is the negative control: it must fail the same checks ----
"$wine" up stock "$work/stock" && "$wine" run "$work/stock" --timeout 60 "$ntwine/probe.exe" user >"$work/stock.out" 2>&1
[ "$(grep -c '^not ok' "$work/stock.out")" -ge 30 ]
note "stock-wine__fails-these-checks" $? "$(grep -c '^not ok' "$work/stock.out") failed"
"$wine" down "$work/stock" >/dev/null 2>&1

# ---- the build refuses what it was not written for ----
text=$(python3 "$here/insert.py" "$work" 9.0-1 "8.0~repack-4" 2>&1)
[ $? -ne 0 ] && [[ $text == *9.0-1* && $text == *8.0~repack-4* ]]
note "insert__another-version-is-refused-naming-both" $? "$text"
mkdir -p "$work/src/server"
echo changed >"$work/src/server/token.c"
text=$(python3 "$here/insert.py" "$work/src" "8.0~repack-4" "8.0~repack-4" 2>&1)
[ $? -ne 0 ] && [[ $text == *anchor* ]]
note "insert__a-missing-anchor-is-refused" $? "$text"

# ---- cost of a process ----
starts() { # milliseconds for 40 program starts
    local i from
    eval "$("$wine" env "$1")"
    "$WINE" cmd /c exit </dev/null >/dev/null 2>&1
    from=$(date +%s%N)
    for ((i = 0; i < 40; i++)); do "$WINE" "$ntwine/probe.exe" none </dev/null >/dev/null 2>&1; done
    echo $((($(date +%s%N) - from) / 1000000))
}
"$wine" up stock "$work/stock"
a=$(starts "$work/stock") b=$(starts "$work/user")
"$wine" down "$work/stock"
echo "40 program starts: stock $a ms, ntwine $b ms"
[ "$b" -le $((a * 2)) ] # 1.0 to 1.3 on an idle machine; a busy one scatters
note "speed__a-start-costs-less-than-twice-stock" $? "$a ms, $b ms"
finish "$@"

#!/usr/bin/env bash
# Reads the PE headers of every program, of both architectures: imports against the Vista-level
# allow-list (vista-imports.txt), hardening flags, no time stamp, subsystem, size.
#
#   tests/suite/imports.sh [FILE.exe...]      default: the programs, suite.exe and probe.exe in $BUILD
#
# Prints each failure and skip with its reason, then "N passed, N failed, N skipped".
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
build=${BUILD:-build}
list=$here/vista-imports.txt
# 300 KB for each program. agent.exe was 294 KB with `run` alone; the verbs that answer questions
# (why, grants, revoke, audit, policy) and the watch on protected names made it 376 KB. Neither LTO
# (330 KB) nor leaving out all hardening (317 KB), both measured when it was 345 KB, brings it back,
# so its limit is its own. serve, mcp, verify, the audit log and elevated mode (set-up's other end,
# leases, reads, status) made it about 620 KB; doctor and calibration 705 KB; the checks of verify, which
# go through the same pipeline and the same code that refuses, 770 KB.
limit_bytes=307200
limit_agent_bytes=819200
# Fence, firewall, accounts and the engine of elevated mode: 335 KB.
limit_setup_bytes=368640
passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); printf 'not ok - %s\n' "$*"; }
skip() { skipped=$((skipped + 1)); printf 'ok - %s\n' "$*"; }
# check TEXT COMMAND...: one counted assertion
check() { local text=$1; shift; if "$@"; then pass; else fail "$text"; fi; }

# "dll function" lines, DLL names in lower case, decorations of import by ordinal shown as #N
imports_of() {
    objdump -p "$1" | awk '
        /DLL Name:/ { dll = tolower($3); next }
        /^\t[0-9a-f]+\t +[0-9]+ +[^ ]+$/ { print dll, $3 }
        /^\t[0-9a-f]+\t +[0-9]+ +<none>/ { print dll, "#ordinal" }'
}

allowed() {
    awk '/^#/ || NF == 0 { next } /^\[/ { dll = substr($1, 2, length($1) - 2); next }
         { for (i = 1; i <= NF; i++) print dll, $i }' "$list" | sort -u
}

check_imports() {
    local file=$1 name=$2 have extra
    have=$(imports_of "$file" | sort -u)
    # A parser that reads nothing would find nothing wrong.
    check "$name: its import table could not be read" \
        test "$(grep -c '^kernel32.dll' <<<"$have")" -ge 10
    extra=$(comm -23 <(printf '%s\n' "$have") <(allowed))
    if [ -z "$extra" ]; then pass; else fail "$name imports what Vista may not have: ${extra//$'\n'/, }"; fi
    # Accounts and filters are set-up's business alone (design 1): the others cannot even call it.
    case $name in
    */agent.exe | */command-runner.exe)
        check "$name imports netapi32 or fwpuclnt" \
            test -z "$(grep -E '^(netapi32|fwpuclnt)\.dll' <<<"$have")" ;;
    esac
}

check_headers() {
    local file=$1 name=$2 arch=$3 headers size limit
    headers=$(objdump -p "$file")
    check "$name: no DYNAMIC_BASE" grep -q 'DYNAMIC_BASE' <<<"$headers"
    check "$name: no NX_COMPAT" grep -q 'NX_COMPAT' <<<"$headers"
    check "$name: no .reloc section" grep -q '\.reloc' <<<"$(objdump -h "$file")"
    [ "$arch" != x86_64 ] || check "$name: no HIGH_ENTROPY_VA" grep -q 'HIGH_ENTROPY_VA' <<<"$headers"
    check "$name: it has a time stamp" grep -qE '^Time/Date[[:space:]]+Thu Jan +1 00:00:00 1970' <<<"$headers"
    case $name in
    */command-runner.exe)
        check "$name: not of the GUI subsystem (a console would come with it)" \
            grep -qE '^Subsystem[[:space:]]+00000002' <<<"$headers" ;;
    *) check "$name: not of the console subsystem" grep -qE '^Subsystem[[:space:]]+00000003' <<<"$headers" ;;
    esac
    case $name in
    */suite.exe | */probe.exe | */sandbox-probe.exe | */setupsteps.exe | */hopdriver.exe | */hopchild.exe) ;; # test programs have no size limit
    *)
        size=$(stat -c %s "$file")
        case $file in */agent.exe) limit=$limit_agent_bytes ;; */sandbox-setup.exe) limit=$limit_setup_bytes ;; *) limit=$limit_bytes ;; esac
        check "$name: $size bytes, the limit is $limit" test "$size" -lt "$limit" ;;
    esac
}

one() {
    local file=$1 arch=unknown name
    case $(objdump -f "$file" 2>/dev/null) in
    *pei-x86-64*) arch=x86_64 ;;
    *pei-i386*) arch=i686 ;;
    esac
    name=$arch/$(basename "$file")
    if [ $arch = unknown ]; then fail "$file is no PE program of an architecture we build"; return; fi
    check_imports "$file" "$name"
    check_headers "$file" "$name" "$arch"
}

# The texts of our events: resources and nothing that could be run.
texts() {
    local file=$1 name headers
    name=$(basename "$(dirname "$file")")/$(basename "$file")
    headers=$(objdump -p "$file")
    check "$name: it has an entry point" grep -qE '^AddressOfEntryPoint[[:space:]]+0+$' <<<"$headers"
    check "$name: it imports something" test -z "$(imports_of "$file")"
    check "$name: it exports something" grep -qE '\[Name Pointer/Ordinal\] Table[[:space:]]+0+$' <<<"$headers"
    check "$name: it has no message table" grep -qE 'Entry: ID: 0x00000b' <<<"$headers"
    check "$name: it has a time stamp" grep -qE '^Time/Date[[:space:]]+Thu Jan +1 00:00:00 1970' <<<"$headers"
    check "$name: no DYNAMIC_BASE or NX_COMPAT" test "$(grep -cE '^[[:space:]]+(DYNAMIC_BASE|NX_COMPAT)$' <<<"$headers")" = 2
    check "$name: it is larger than 16 KB" test "$(stat -c %s "$file")" -lt 16384
}

command -v objdump >/dev/null || { echo "objdump (binutils) is missing"; exit 2; }
if [ $# -gt 0 ]; then
    for file in "$@"; do case $file in *.dll) texts "$file" ;; *) one "$file" ;; esac; done
else
    for arch in x86_64 i686; do
        for program in agent.exe command-runner.exe sandbox-setup.exe suite/suite.exe suite/probe.exe suite/setupsteps.exe \
            suite/hopdriver.exe suite/hopchild.exe; do
            file=$build/$arch/$program
            if [ -e "$file" ]; then
                one "$file"
            elif [ "$program" = sandbox-setup.exe ] && [ -z "$(find setup -name '*.c' 2>/dev/null)" ]; then
                : # not part of the tree yet
            else
                skip "$arch/$program # SKIP not built (make ARCH=$arch programs suite)"
            fi
        done
        file=$build/$arch/sandbox-events.dll
        if [ -e "$file" ]; then texts "$file"; else skip "$arch/sandbox-events.dll # SKIP not built (make ARCH=$arch programs)"; fi
    done
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]

#!/bin/bash
# Build the test doubles: build.sh NTWINE_DIR (called by ../build.sh).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1
wine=/usr/lib/x86_64-linux-gnu/wine/x86_64-windows
tree=$out/root$wine
work=$out/doubles
cc=(x86_64-w64-mingw32-gcc -O2 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-cast-function-type -D_WIN32_WINNT=0x0A00 -DUNICODE -I"$work" -I"$here")
rm -rf "$work"
mkdir -p "$work"

# request numbers and our own constants, from the sources the server was built from
{
    sed -n '/^enum request$/,/^};/p' "$out/source/include/wine/server_protocol.h"
    sed -n '/^#define NT_QUERY_MACHINE/p;/^#define NT_EXTENSION_MAGIC/p;/^enum nt_extension$/,/^};/p' "$here/../server/nt_model.h"
} >"$work/protocol.h"
printf 'LIBRARY ntdll.dll\nEXPORTS\nwine_server_call\nNtFilterToken\nNtQueryInformationToken\nNtSetInformationToken\nNtOpenProcessToken\nNtOpenThreadToken\nRtlNtStatusToDosError\n' >"$work/ntdll.def"
x86_64-w64-mingw32-dlltool -d "$work/ntdll.def" -l "$work/libntdll.a"
printf 'LIBRARY kernelbase.dll\nEXPORTS\nDuplicateTokenEx\nOpenProcessToken\nOpenThreadToken\nCreateProcessAsUserW\nGetAce\nGetSecurityDescriptorSacl\nGetSidSubAuthority\nRegGetValueW\n' >"$work/kernelbase.def"
x86_64-w64-mingw32-dlltool -d "$work/kernelbase.def" -l "$work/libkernelbase.a"

exports() { # names exported by a DLL, one a line
    x86_64-w64-mingw32-objdump -p "$1" | awk '/\[Ordinal\/Name Pointer\] Table/ { on = 1; next } on && /^\t?\t?\[ *[0-9]+\]/ { print $NF } on && /^$/ { on = 0 }' | grep -vE '^\[' | sort -u
}

# A DLL that forwards everything to Wine's own, renamed, but what it defines itself as double_NAME.
forward() { # forward DLL RENAMED SOURCES...
    local dll=$1 renamed=$2 name
    shift 2
    cp "$wine/$dll" "$work/$renamed"
    sed -n 's/^[A-Za-z].*[ *]double_\([A-Za-z0-9]*\)(.*/\1/p' "$@" | sort -u >"$work/$dll.own"
    {
        echo "LIBRARY $dll"
        echo EXPORTS
        { exports "$wine/$dll"; cat "$work/$dll.own"; } | sort -u | while read -r name; do
            if grep -qx "$name" "$work/$dll.own"; then echo "$name=double_$name"; else echo "$name=${renamed%.dll}.$name"; fi
        done
    } >"$work/$dll.def"
}

link() { # link DLL SOURCES... -- LIBRARIES...
    local dll=$1 def=() sources=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do sources+=("$1"); shift; done
    [ $# -eq 0 ] || shift
    [ ! -e "$work/$dll.def" ] || def=("$work/$dll.def")
    "${cc[@]}" -shared -s -static-libgcc -o "$work/$dll" "${sources[@]}" "${def[@]}" -L"$work" "$@" -lkernelbase -lntdll -lkernel32 -lmsvcrt
    # Wine loads a DLL from its own tree only when it carries this mark in place of the DOS stub
    printf 'Wine builtin DLL\0' | dd of="$work/$dll" bs=1 seek=64 conv=notrunc status=none
}

install() { # into the tree; prefix.sh puts the new names into system32 as well
    local dll
    for dll in "$@"; do rm -f "$tree/$dll"; cp "$work/$dll" "$tree/$dll"; done
}

"${cc[@]}" -shared -s -o "$work/ntwinestate.dll" "$here/state.c" "$here/native.c" -L"$work" -lntdll -lkernel32 -lmsvcrt -Wl,--out-implib,"$work/libntwinestate.a"
printf 'Wine builtin DLL\0' | dd of="$work/ntwinestate.dll" bs=1 seek=64 conv=notrunc status=none
forward advapi32.dll wadvapi.dll "$here/advapi32.c" "$here/logon.c" "$here/lsa.c" "$here/jobs.c" "$here/eventlog.c"
link advapi32.dll "$here/advapi32.c" "$here/logon.c" "$here/lsa.c" "$here/jobs.c" "$here/eventlog.c" "$here/runas.c" "$here/births.c" -- -lntwinestate
forward netapi32.dll wnetapi32.dll "$here/netapi32.c"
link netapi32.dll "$here/netapi32.c" -- -lntwinestate
forward userenv.dll wuserenv.dll "$here/userenv.c"
link userenv.dll "$here/userenv.c" -- -lntwinestate
printf 'LIBRARY wuser32.dll\nEXPORTS\nCreateDesktopW\nCloseDesktop\nGetUserObjectSecurity\nGetUserObjectInformationW\nwsprintfW\n' >"$work/wuser32.def"
x86_64-w64-mingw32-dlltool -d "$work/wuser32.def" -l "$work/libwuser32.a"
forward user32.dll wuser32.dll "$here/desktops.c"
link user32.dll "$here/desktops.c" -- -lwuser32 -ladvapi32
install wuser32.dll user32.dll
# sockets: the ordinals are part of the interface, and Wine's half for Unix goes by the new name as well
printf 'LIBRARY wws2_32.dll\nEXPORTS\nWSAAccept\nWSAConnect\nWSAGetLastError\nWSAIoctl\nWSASendTo\nWSASetLastError\naccept\nbind\nclosesocket\nconnect\ngetpeername\ngetsockname\ngetsockopt\nlisten\nntohs\nsendto\n' >"$work/wws2_32.def"
x86_64-w64-mingw32-dlltool -d "$work/wws2_32.def" -l "$work/libwws2_32.a"
forward ws2_32.dll wws2_32.dll "$here/sockets.c"
x86_64-w64-mingw32-objdump -p "$wine/ws2_32.dll" | awk '/\[Ordinal\/Name Pointer\] Table/ { on = 1; next } on && /^$/ { on = 0 } on { gsub(/[][]/, " "); print $2, $1 }' >"$work/ws2_32.ordinals"
awk 'NR == FNR { ordinal[$1] = $2; next } { split($1, part, "="); print $0 (part[1] in ordinal && !/^(LIBRARY|EXPORTS)/ ? " @" ordinal[part[1]] : "") }' "$work/ws2_32.ordinals" "$work/ws2_32.dll.def" >"$work/ws2_32.def" && mv "$work/ws2_32.def" "$work/ws2_32.dll.def"
link ws2_32.dll "$here/sockets.c" -- -lwws2_32 -ladvapi32 -lntwinestate
unix=$out/root${wine%/*}/x86_64-unix
[ ! -e "$unix/ws2_32.so" ] || ln -sf ws2_32.so "$unix/wws2_32.so"
install wws2_32.dll ws2_32.dll
forward fwpuclnt.dll wfwpuclnt.dll "$here"/fwp*.c
link fwpuclnt.dll "$here"/fwp*.c -- -lntwinestate
link ntwinefw.dll "$here/netfw.c" -- -lntwinestate -loleaut32 -lole32 -luuid
install ntwinefw.dll wfwpuclnt.dll fwpuclnt.dll ntwinestate.dll wadvapi.dll advapi32.dll wnetapi32.dll netapi32.dll wuserenv.dll userenv.dll

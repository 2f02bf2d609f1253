#!/bin/bash
# Build ntwine: Debian's wineserver with our additions, a tree that uses it, and the test doubles.
#   tests/ntwine/build.sh [--if-needed]      into ${NTWINE_DIR:-${BUILD:-build}/ntwine}
# Needs: wine64, gcc, mingw-w64, python3, perl, patch, xz, and a Debian mirror with source packages
# (the one in the machine's own apt sources). The system's Wine is only read.
set -euo pipefail

pinned='8.0~repack-4'
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD:-$root/build}
case $build in /*) ;; *) build=$root/$build ;; esac
out=${NTWINE_DIR:-$build/ntwine}
jobs=${NTWINE_JOBS:-2}

die() { printf 'ntwine: %s\n' "$*" >&2; exit 1; }
found=$(dpkg-query -W -f '${Version}' wine64 2>/dev/null || true)
[ -n "$found" ] || die "Debian's package wine64 is not installed"
[ "$found" = "$pinned" ] || die "installed is wine64 $found, ntwine is written for $pinned"
for tool in gcc x86_64-w64-mingw32-gcc python3 perl patch xz; do
    command -v "$tool" >/dev/null || die "$tool is missing"
done

stamp=$(find "$here/build.sh" "$here/insert.py" "$here/prefix.sh" "$here"/*.[ch] "$here/server" "$here/unix" "$here/doubles" -type f 2>/dev/null | sort | xargs cat | sha256sum | cut -d" " -f1)
if [ "${1-}" = --if-needed ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
mkdir -p "$out"
rm -f "$out/stamp"

# The machine's own Debian sources, as deb-src lines in a file of our own.
source_list() {
    local codename file
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] && sed -n "s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]* $codename .*\)/deb-src \1\2/p" "$file"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] && awk -v want="$codename" '
            function flush(i, n, list) {
                n = split(suites, list, " ")
                for (i = 1; i <= n; i++)
                    if (list[i] == want && components ~ /main/)
                        print "deb-src " (key ? "[signed-by=" key "] " : "") uri " " list[i] " main"
                uri = suites = components = key = ""
            }
            /^URIs:/ { uri = $2 }
            /^Suites:/ { $1 = ""; suites = $0 }
            /^Components:/ { $1 = ""; components = $0 }
            /^Signed-By: *\// { key = $2 }
            /^[ \t]*$/ { flush() }
            END { flush() }' "$file"
    done
    return 0
}

fetch_source() {
    local apt=$out/apt
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$out/download"
    source_list >"$apt/sources.list"
    [ -s "$apt/sources.list" ] || die "no Debian source is configured for apt"
    printf 'Dir::State::lists "%s";\nDir::Cache "%s";\nDir::Etc::sourcelist "%s";\nDir::Etc::sourceparts "/dev/null";\nAPT::Sandbox::User "root";\n' \
        "$apt/lists" "$apt" "$apt/sources.list" >"$apt/apt.conf"
    APT_CONFIG=$apt/apt.conf apt-get -qq update >"$out/fetch.log" 2>&1 || true
    (cd "$out/download" && APT_CONFIG=$apt/apt.conf apt-get source -qq --download-only "wine=$pinned" >>"$out/fetch.log" 2>&1) ||
        die "apt-get source wine=$pinned failed, see $out/fetch.log"
}

prepare_source() {
    local patch file
    rm -rf "$out/source"
    mkdir -p "$out/source"
    tar xf "$out/download"/wine_8.0~repack.orig.tar.xz -C "$out/source" --strip-components=1 \
        --wildcards '*/server' '*/include' '*/tools/make_requests' '*/tools/makedep.c' '*/dlls/ntdll/unix' '*/COPYING.LIB' '*/LICENSE' 2>/dev/null
    tar xf "$out/download/wine_$pinned.debian.tar.xz" -C "$out/source" debian/patches
    for patch in debianization/wineserver-persistence fixes/temporary-directory generate/request; do
        (cd "$out/source" && patch -s -f -p1 <"debian/patches/$patch.patch") >"$out/patch.log" 2>&1 || die "Debian's $patch does not apply, see $out/patch.log"
    done
    for file in trace request; do # where make_requests puts what Debian's patch took out of the sources
        printf '/* ### make_requests begin ### */\n/* ### make_requests end ### */\n' >"$out/source/server/$file.generated"
    done
    (cd "$out/source" && perl tools/make_requests) >"$out/requests.log" 2>&1 || die "make_requests failed, see $out/requests.log"
    python3 "$here/insert.py" "$out/source" "$found" "$pinned"
    cp "$here"/server/*.[ch] "$out/source/server/"
    rm -f "$out/source/server/setsd.c"
}

build_server() {
    local objects=$out/objects
    rm -rf "$objects"
    mkdir -p "$objects"
    (
        cd "$out/source/server"
        for file in *.c; do case $file in nt_token.c | nt_registry.c) ;; *) echo "$file" ;; esac; done |
            xargs -P "$jobs" -I{} gcc -c -O2 -g0 -w -D__WINESRC__ -DWINE_UNIX_LIB -D_GNU_SOURCE \
                -DBINDIR='"/usr/lib/wine"' -DDATADIR='"/usr/share/wine"' -DNLSDIR='"/usr/share/wine/nls"' -DBIN_TO_NLSDIR='"../../share/wine/nls"' \
                -I. -I../include -fno-strict-aliasing -fshort-wchar -fcommon {} -o "$objects/{}.o"
    ) 2>"$out/compile.log" || die "the server does not compile, see $out/compile.log"
    gcc -o "$out/wineserver" "$objects"/*.o
    gcc -O2 -Wall -Wextra -Werror -o "$out/setsd" "$here/server/setsd.c"
    gcc -shared -fPIC -O2 -w -D__WINESRC__ -DWINE_UNIX_LIB -D_GNU_SOURCE -fshort-wchar -fno-strict-aliasing \
        -I"$out/source/include" -o "$out/links.so" "$here/unix/links.c" 2>"$out/links.log" || die "links.c does not compile, see $out/links.log"
}

build_probes() {
    local flags=(-O2 -static -Wall -Wextra -Werror -Wno-cast-function-type -Wno-missing-field-initializers -D_WIN32_WINNT=0x0A00)
    local libs=(-ladvapi32 -lnetapi32 -luserenv -lfwpuclnt -lws2_32 -lshell32 -lole32 -loleaut32 -luuid -lntdll)
    x86_64-w64-mingw32-gcc "${flags[@]}" -o "$out/ask.exe" "$here/ask.c" "${libs[@]}"
    x86_64-w64-mingw32-gcc "${flags[@]}" -municode -o "$out/probe.exe" "$here"/probe*.c "${libs[@]}"
}

# A tree like the installed one: Wine finds its server and DLLs relative to the loader, so a copy of the loader in a
# tree of our own uses our server and doubles, and everything else through links.
make_tree() {
    local tree=$out/root lib=usr/lib/x86_64-linux-gnu/wine file
    rm -rf "$tree"
    mkdir -p "$tree/usr/lib/wine" "$tree/$lib/x86_64-windows" "$tree/usr/share"
    cp /usr/lib/wine/wine64 "$tree/usr/lib/wine/"
    cp "$out/wineserver" "$tree/usr/lib/wine/"
    ln -s /usr/share/wine "$tree/usr/share/wine"
    cp -r "/$lib/x86_64-unix" "$tree/$lib/"
    mv "$tree/$lib/x86_64-unix/ntdll.so" "$tree/$lib/x86_64-unix/ntdll-real.so"
    cp "$out/links.so" "$tree/$lib/x86_64-unix/ntdll.so"
    ln -s "/$lib/x86_64-windows"/* "$tree/$lib/x86_64-windows/"
    ln -s "/$lib/i386-windows" "$tree/$lib/i386-windows"
}

[ -e "$out/download/wine_$pinned.dsc" ] || fetch_source
prepare_source
build_server
build_probes
make_tree
if [ -x "$here/doubles/build.sh" ]; then "$here/doubles/build.sh" "$out"; fi
echo "$stamp" >"$out/stamp"
echo "ntwine: built in $out"

#!/bin/bash
# prefix.sh PREFIX NTWINE_DIR : give a fresh prefix the descriptors that a Windows volume has.
# LU is the user of the prefix (S-1-5-21-0-0-0-1000), LG its primary group.
set -euo pipefail
prefix=$1 setsd=$2/setsd
c=$prefix/drive_c

put() { [ ! -e "$1" ] || "$setsd" "$1" "$2" || { echo "ntwine: $1: the file system keeps no user xattrs" >&2; exit 1; }; }

"$setsd" --root "$c"
# C:\ : everyone who is logged on may create folders, and files in these, but no files in the root itself
put "$c" 'O:TIG:TID:PAI(A;;0x4;;;AU)(A;OICIIO;0x1301bf;;;AU)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)'
system='O:TIG:TID:PAI(A;OICIIO;GA;;;CO)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;SY)(A;OICIIO;GA;;;BA)(A;;0x1301bf;;;BA)(A;OICIIO;0xa0000000;;;BU)(A;;0x1200a9;;;BU)(A;OICI;FA;;;TI)(A;OICIIO;0xa0000000;;;AC)(A;;0x1200a9;;;AC)'
put "$c/windows" "$system"
put "$c/Program Files" "$system"
put "$c/Program Files (x86)" "$system"
# C:\windows\temp : users may create, not list
mkdir -p "$c/windows/temp"
put "$c/windows/temp" 'O:SYG:SYD:PAI(A;CI;0x100026;;;BU)(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICIIO;GA;;;CO)'
mkdir -p "$c/ProgramData"
put "$c/ProgramData" 'O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;0x116;;;BU)'
put "$c/users" 'O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;0x1200a9;;;BU)(A;OICIIO;0xa0000000;;;BU)(A;;0x1200a9;;;WD)(A;OICIIO;0xa0000000;;;WD)'
put "$c/users/Public" 'O:BAG:SYD:PAI(A;OICIIO;FA;;;CO)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICIIO;0xe0010000;;;IU)(A;;0x1201bf;;;IU)'
for profile in "$c"/users/*; do
    [ "$profile" = "$c/users/Public" ] || put "$profile" 'O:LUG:LGD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;LU)'
done
# "My Documents" and the like point into the Unix home directory: make them folders of the prefix
find "$c/users" -type l | while read -r link; do rm "$link"; mkdir "$link"; done
# the test doubles that Wine has no DLL of that name for, and the renamed originals
for dll in "$2"/doubles/*.dll; do
    name=$c/windows/system32/$(basename "$dll")
    [ -e "$name" ] || cp "$dll" "$name"
done

# the firewall's COM classes are served by our double (a later section of the file adds to an earlier one)
for class in E2B3C97F-6AE1-41AC-817A-F6F92166D7DD 2C5BC43E-3369-4C33-AB0C-BE9469677AF4; do
    printf '\n[Software\\\\Classes\\\\CLSID\\\\{%s}\\\\InprocServer32] 1700000000\n@="C:\\\\windows\\\\system32\\\\ntwinefw.dll"\n"ThreadingModel"="Both"\n' "$class"
done >>"$prefix/system.reg"
# the service that starts programs as another user (its work is done by the doubles): started on demand, as Windows has it
printf '\n[System\\\\CurrentControlSet\\\\Services\\\\seclogon] 1700000000\n"Start"=dword:00000003\n"Type"=dword:00000020\n' >>"$prefix/system.reg"

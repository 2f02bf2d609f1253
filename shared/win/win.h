/*
 * The only place that includes Windows headers: order, versions and strictness decided once.
 *
 * _WIN32_WINNT says which declarations are visible, not what may be imported: imports stay at
 * Vista level (tests/unit asserts the import tables), newer functions go through late.h.
 */
#ifndef SBX_WIN_H
#define SBX_WIN_H

#include "../core/base.h"

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef UNICODE
#define UNICODE
#endif
#ifndef STRICT
#define STRICT
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#define WIN32_NO_STATUS
#include <winsock2.h>
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>
#include <winternl.h>
#include <aclapi.h>
#include <sddl.h>
#include <wchar.h>

#endif

/*
 * Fixed types, helpers and compiler attributes that every file uses.
 *
 * Included first everywhere. Nothing here knows about Windows; shared/win/win.h adds that.
 */
#ifndef SBX_BASE_H
#define SBX_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../version.h"

#define countof(array) (sizeof(array) / sizeof((array)[0]))

/* A status that is not looked at is a bug, so the compiler reports it. */
#define SBX_MUST_CHECK __attribute__((warn_unused_result))

/* gnu_printf: %zu and %lld mean what they say on mingw too (with __USE_MINGW_ANSI_STDIO). */
#if defined(__MINGW32__) && !defined(__clang__)
#define SBX_PRINTF(fmt, args) __attribute__((format(gnu_printf, fmt, args)))
#else
#define SBX_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#endif

#define SBX_NORETURN __attribute__((noreturn))

/* UTF-16 code unit: the same bits as wchar_t on Windows, and available on Linux. */
typedef uint16_t sbx_char16;

#endif

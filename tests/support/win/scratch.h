/*
 * Where a Windows test runs, and a directory of its own to work in.
 */
#ifndef SBX_TESTS_SCRATCH_H
#define SBX_TESTS_SCRATCH_H

#include "shared/win/win.h"

/** Any Wine (ntdll exports wine_get_version). Tests only; the programs never ask. */
bool platform_is_wine(void);

/** Wine without NT access checks: file descriptors do not survive there. */
bool platform_is_stock_wine(void);

/** Make an empty directory below TEMP. The path is UTF-8, static, without a trailing separator. */
const char *scratch_begin(void);

/** Remove it with everything in it, entering no link. */
void scratch_end(void);

/** "SCRATCH\name" in a static buffer (valid until the next call). */
const char *scratch_path(const char *name);

/** The same in UTF-16. */
const wchar_t *scratch_path_w(const char *name);

/** Write a file below the scratch directory by plain Win32 calls; fails the test if it cannot. */
void scratch_write(const char *name, const char *text);

/** Something is there by this name. */
bool scratch_exists(const char *name);

/** Make a directory below the scratch directory; fails the test if it cannot. */
void scratch_mkdir(const char *name);

#endif

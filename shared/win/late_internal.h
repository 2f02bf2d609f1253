/*
 * The one lookup behind late.h and latenet.h: a function of a DLL of System32, loaded by absolute
 * path and never freed.
 */
#ifndef SBX_LATE_INTERNAL_H
#define SBX_LATE_INTERNAL_H

#include "win.h"

/** @param dll_w at most 14 characters @return NULL when DLL or function do not exist here */
FARPROC sbx_late_lookup(const wchar_t *dll_w, const char *name);

#endif

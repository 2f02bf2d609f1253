/*
 * The one lookup behind late.h and latenet.h: a function of a DLL of System32, loaded by absolute
 * path and never freed. Each of them is a list of names; what is done with a list is here.
 */
#ifndef SBX_LATE_INTERNAL_H
#define SBX_LATE_INTERNAL_H

#include "win.h"
#include "../core/error.h"

/* The DLLs that a list may name; no program of ours loads any other. At most 14 characters. */
#define SBX_LATE_DLL_KERNEL32 "kernel32.dll"
#define SBX_LATE_DLL_KERNELBASE "kernelbase.dll"
#define SBX_LATE_DLL_NTDLL "ntdll.dll"
#define SBX_LATE_DLL_ADVAPI32 "advapi32.dll"
#define SBX_LATE_DLL_USER32 "user32.dll"
#define SBX_LATE_DLL_BCRYPT "bcrypt.dll"
#define SBX_LATE_DLL_OLE32 "ole32.dll"
#define SBX_LATE_DLL_USERENV "userenv.dll"
#define SBX_LATE_DLL_NETAPI32 "netapi32.dll"
#define SBX_LATE_DLL_FWPUCLNT "fwpuclnt.dll"
#define SBX_LATE_DLL_OLEAUT32 "oleaut32.dll"
#define SBX_LATE_DLL_WS2_32 "ws2_32.dll"

/* One name, and what became of it. */
struct sbx_late_entry {
    const wchar_t *dll_w;
    const char *dll;
    const char *name;
    void *volatile address;
    volatile LONG looked_up;
};

/* An element of `struct sbx_late_entry entries[]`, from a row of a list. */
#define SBX_LATE_ENTRY(id, dll, name, result, params)                                              \
    {L"" SBX_LATE_DLL_##dll, SBX_LATE_DLL_##dll, name, NULL, 0},

/* The body of a typed accessor. @param fn type of the function @param entry its element */
#define SBX_LATE_GET(fn, entry)                                                                    \
    {                                                                                              \
        FARPROC found = sbx_late_find(entry);                                                      \
        fn function = NULL;                                                                        \
                                                                                                   \
        memcpy(&function, &found, sizeof(function));                                               \
        return function;                                                                           \
    }

/**
 * Looked up at the first call. Two threads may do that at once; both find the same answer.
 * @return NULL when DLL or function do not exist here
 */
FARPROC sbx_late_find(struct sbx_late_entry *entry);

/** The error for one that does not exist. @return SBX_UNSUPPORTED naming function and DLL */
enum sbx_status sbx_late_refuse(const struct sbx_late_entry *entry, struct sbx_error *err);

#endif

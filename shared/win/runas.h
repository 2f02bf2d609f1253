/*
 * Starting one of our own programs with administrator's rights: the second of the two places that
 * start processes (the other is spawn.h). Boundary B23.
 *
 * MUSTs of runas.c:
 *  1. the image is an absolute path that the caller found beside itself; ShellExecuteEx would
 *     search for anything else;
 *  2. parameters come from a vector through core/cmdline, and hold no secret: every process of the
 *     user can read a command line;
 *  3. the verb is "runas" and nothing else, no document, no class.
 */
#ifndef SBX_RUNAS_H
#define SBX_RUNAS_H

#include "win.h"
#include "../core/error.h"

struct sbx_runas {
    HANDLE process; /* owned; NULL when the shell handed none out */
    uint32_t pid;   /* 0 when it cannot be told */
};

/**
 * Start a program elevated: Windows asks the person at the desk.
 * Returns when the process exists; the prompt can take minutes.
 * @param image absolute, normal form
 * @param argv argc arguments without the program's name
 * @param cwd absolute; the system folder is a good one: it cannot be planted into
 * @param ret release with sbx_runas_close
 * @return SBX_CANCELLED (1223) when the person said No or closed the prompt; SBX_NOT_FOUND without
 *         the image; SBX_DENIED with a hint (1260 blocked by policy, 740, 5); SBX_INVALID for a
 *         relative image
 * @see https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-shellexecuteexw
 *      https://learn.microsoft.com/windows/win32/api/shellapi/ns-shellapi-shellexecuteinfow
 */
SBX_MUST_CHECK enum sbx_status sbx_runas_start(const char *image, const char *const *argv,
    size_t argc, const char *cwd, struct sbx_runas *ret, struct sbx_error *err);

/** Close the handle; the process is not touched. */
void sbx_runas_close(struct sbx_runas *runas);

#endif

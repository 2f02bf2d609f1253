/*
 * From the program's name to an absolute image and the way to start it.
 *
 * MUSTs:
 *  1. the current directory is never searched, and relative or empty PATH entries are skipped
 *     (attack row G4: a fake git.exe in the workspace);
 *  2. app execution aliases and anything that lives in WindowsApps are passed over: such images
 *     cannot be started under a restricted token (design-review B1);
 *  3. batch files are started through the system's cmd.exe with a vector that arrives exactly, or
 *     refused.
 */
#ifndef SBX_AGENT_RESOLVE_H
#define SBX_AGENT_RESOLVE_H

#include "shared/core/policy.h"

struct sbx_program {
    char *image;             /* absolute; owned */
    char *command_line;      /* owned; NULL: build it from argv */
    struct sbx_strings argv; /* owned copy of the caller's vector */
};

/**
 * Resolve PROGRAM.
 * @param argv   PROGRAM and its arguments, argc >= 1
 * @param cwd    normal path of the working directory: relative names with a separator start here
 * @param search the PATH to search, as the child will have it; NULL = none
 * @return SBX_NOT_FOUND (exit 127); SBX_DENIED with a hint: a directory, a file that is no
 *         program, an app execution alias (exit 126); SBX_INVALID: arguments that a batch file
 *         cannot receive (exit 126)
 */
SBX_MUST_CHECK enum sbx_status sbx_program_resolve(const char *const *argv, size_t argc,
    const char *cwd, const char *search, struct sbx_program *ret_program, struct sbx_error *err);
void sbx_program_done(struct sbx_program *program);

#endif

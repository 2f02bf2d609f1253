/*
 * The trial behind an approval on a console (boundary B30): can a program like this one join the
 * console of another process? agent.exe and command-runner.exe do nothing else when they are
 * started with these words; whoever may start programs may do as much.
 *
 * @see https://learn.microsoft.com/windows/console/attachconsole
 */
#ifndef SBX_ATTACHTRY_H
#define SBX_ATTACHTRY_H

#include "win.h"

#define SBX_ATTACH_AGENT_VERB "internal-attach" /* first argument of agent.exe */
#define SBX_ATTACH_RUNNER_VERB "--attach-probe" /* of the installed command-runner.exe */
#define SBX_ATTACH_REFUSED 64 /* exit code: it could not join, which is what is wanted */
#define SBX_ATTACH_JOINED 65

/**
 * Leave the console of this process and try to join another's.
 * @param pid_text decimal; what is no number counts as joined
 * @return the exit code
 */
int sbx_attach_try(const char *pid_text);

/**
 * The same for a program that has its command line as one text without the program's name.
 * @param ret_code the exit code
 * @return false: this is not how the program was started
 */
bool sbx_attach_asked(const wchar_t *command_line_w, int *ret_code);

#endif

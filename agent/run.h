/*
 * `agent run`: from options to the child's exit code. The order of steps is design 3.
 */
#ifndef SBX_AGENT_RUN_H
#define SBX_AGENT_RUN_H

#include "cli.h"
#include "say.h"

/* Own exit codes; anything else is the child's (all 32 bits). Listed in help.c and README.md. */
enum sbx_exit {
    SBX_EXIT_USAGE = 2,
    SBX_EXIT_TIMEOUT = 124,
    SBX_EXIT_SANDBOX = 125,
    SBX_EXIT_REFUSED = 126,
    SBX_EXIT_NOT_FOUND = 127,
    SBX_EXIT_CANCELLED = 130
};

/** Run one command. Prints what has to be said. @return the process's exit code */
int sbx_run_command(const struct sbx_cli *cli, const struct sbx_say *say);

#endif

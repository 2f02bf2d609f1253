/*
 * A pseudo console: a console host with no window, whose screen goes out as text with escape
 * sequences and whose keyboard comes in the same way (Windows 10 1809 and later).
 *
 * Whose token the console host has: CreatePseudoConsole starts conhost.exe as a child of this
 * process, with this process's token, not with the restricted one of the program that will use
 * it. So the stage of the runner that makes it is the one that creates the child, never the agent:
 *   elevated    the host runs as the sandbox account, unrestricted (the confine stage's token);
 *   unelevated  the host runs as the user, as the launch stage does.
 * The host parses what the child writes and holds its screen; a child that took it over would have
 * that token. Its process is made with the default list of a stage (SYSTEM, and OWNER RIGHTS:
 * READ_CONTROL), so no process of the child may open it; what is left is a fault in the host
 * itself. That is a residual of --tty and of recipe `standard`, whose hidden console is one of
 * these (runner/confine.c), and named as one: otherwise the child's console host is started by the
 * kernel with the child's own token.
 *
 * Nobody else is on this console, so the child reaches neither the agent's console nor its prompt.
 *
 * @see https://learn.microsoft.com/windows/console/createpseudoconsole
 *      https://learn.microsoft.com/windows/console/resizepseudoconsole
 *      https://learn.microsoft.com/windows/console/closepseudoconsole
 *      https://learn.microsoft.com/windows/console/creating-a-pseudoconsole-session
 */
#ifndef SBX_CONPTY_H
#define SBX_CONPTY_H

#include "win.h"
#include "../core/message.h"

struct sbx_conpty {
    void *handle; /* HPCON */
};

/** Whether this system has pseudo consoles: Windows 10 1809, Wine. */
bool sbx_conpty_exists(void);

/**
 * Make a pseudo console and start its host.
 * @param in  pipe or file that keys are read from; duplicated, stays the caller's
 * @param out pipe or file that the screen is written to; the same
 * @return SBX_UNSUPPORTED where the system has none
 */
SBX_MUST_CHECK enum sbx_status sbx_conpty_open(const struct sbx_tty_size *size, HANDLE in,
    HANDLE out, struct sbx_conpty *ret_conpty, struct sbx_error *err);

/** Change the size. @return SBX_UNSUPPORTED where the system cannot (Wine 8) */
SBX_MUST_CHECK enum sbx_status sbx_conpty_resize(
    const struct sbx_conpty *conpty, const struct sbx_tty_size *size, struct sbx_error *err);

/**
 * End it: programs on it get CTRL_CLOSE_EVENT, the rest of the screen goes out, then `out` ends.
 * Up to Windows 11 24H2 this waits until somebody has read all of it. {0} does nothing.
 */
void sbx_conpty_close(struct sbx_conpty *conpty);

#endif

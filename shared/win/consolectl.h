/*
 * Ctrl-C, Ctrl-Break, closing of the console window, logoff: turned into one event to wait for.
 *
 * @see https://learn.microsoft.com/windows/console/setconsolectrlhandler
 */
#ifndef SBX_CONSOLECTL_H
#define SBX_CONSOLECTL_H

#include "win.h"
#include "../core/error.h"

/**
 * Install the handler for this process. Once; a second call returns the same event.
 * Close, logoff and shutdown keep the handler's thread for up to 4 s, so that the main thread can
 * end the run first; Windows ends the process when the handler returns.
 * @param ret_event manual-reset event, signalled by any control event; borrowed, lives as long
 *        as the process
 */
SBX_MUST_CHECK enum sbx_status sbx_consolectl_install(HANDLE *ret_event, struct sbx_error *err);

/** Number of control events so far (a second Ctrl-C means "now"). */
unsigned sbx_consolectl_count(void);

/** The same number in place, for those who watch it. */
const volatile LONG *sbx_consolectl_counter(void);

/**
 * Send CTRL_BREAK to a process group on our console.
 * @param group_pid pid of a process made with SBX_SPAWN_NEW_GROUP; 0 is refused (it would mean us)
 * @return SBX_OS without a common console (the caller then waits for the grace period and
 *         terminates the job)
 * @see https://learn.microsoft.com/windows/console/generateconsolectrlevent
 */
SBX_MUST_CHECK enum sbx_status sbx_consolectl_break(uint32_t group_pid, struct sbx_error *err);

#endif

/*
 * The window station's list, for the length of a run: who else may connect to it.
 *
 * Only needed where the child's token does not hold the logon SID that the station belongs to:
 * recipes that make it deny-only, and a logon of its own (a service, one hop). The entries are of
 * the session, not of the disk: whatever a killed runner leaves behind ends with the logon, and
 * names a run SID that no token will hold again.
 *
 * @see
 * https://learn.microsoft.com/windows/win32/winstation/window-station-security-and-access-rights
 */
#ifndef SBX_STATION_H
#define SBX_STATION_H

#include "win.h"
#include "../core/error.h"
#include "../core/finding.h"
#include "../core/ntsid.h"

#define SBX_STATION_GRANTS_MAX 2u

struct sbx_station_grant {
    struct sbx_sid sids[SBX_STATION_GRANTS_MAX]; /* one entry each was added */
    size_t count;                                /* 0: nothing was changed */
};

/**
 * Add one allow entry for each SID to this process's window station, and read them back. Entries
 * of other runs are left alone; changes of several runners at once follow each other (a mutex of
 * the session, held for the change only).
 * @param ret_grant for sbx_station_revoke
 * @param findings  "StationDacl" when the entries cannot be read back
 * @return SBX_DENIED when the list may not be changed; SBX_TIMEOUT when the mutex was not free
 *         within 10 s; SBX_UNSUPPORTED without user32. A station without any list admits everyone:
 *         SBX_OK, nothing added.
 */
SBX_MUST_CHECK enum sbx_status sbx_station_grant(const struct sbx_sid *sids, size_t count,
    struct sbx_findings *findings, struct sbx_station_grant *ret_grant, struct sbx_error *err);

/** Take one entry for each SID away again. Best effort; an empty grant does nothing. */
void sbx_station_revoke(struct sbx_station_grant *grant);

#endif

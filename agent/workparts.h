/* Between workdirs.c and workclean.c. */
#ifndef SBX_AGENT_WORKPARTS_H
#define SBX_AGENT_WORKPARTS_H

#include "shared/core/plan.h"
#include "shared/win/win.h"

/* Elevated: names of TEMP folders, which lie beside homes and leases. */
#define SBX_WORKDIRS_TEMP_PREFIX "tmp-"

/** The folder that holds the TEMP of each run of a mode. @param ret_folder owned */
SBX_MUST_CHECK enum sbx_status sbx_workdirs_open_temps(
    const struct sbx_facts *facts, bool elevated, HANDLE *ret_folder, struct sbx_error *err);

#endif

/*
 * What `sandbox-setup status` says beyond the states of the steps: each account, the group, its
 * rights and the firewall, as they are now, for `agent doctor` (shared/core/doctor.h reads it).
 * Reads only. What cannot be asked, often for want of rights, is left out and has a "why".
 */
#ifndef SBX_SETUP_STATUSFACTS_H
#define SBX_SETUP_STATUSFACTS_H

#include "context.h"
#include "shared/core/jsonwrite.h"

/** Append the members "group", "users" and "firewall"; nothing without a record. */
void sbx_setup_status_facts(struct sbx_json_writer *w, struct sbx_setup *setup);

#endif

/* The steps, one file each (setup/step_<name>.c); the order is that of the table in run.c. */
#ifndef SBX_SETUP_STEPS_H
#define SBX_SETUP_STEPS_H

#include "engine.h"

extern const struct sbx_step sbx_step_folders;  /* where everything lies */
extern const struct sbx_step sbx_step_programs; /* runner, set-up itself, event texts; hashed */
extern const struct sbx_step sbx_step_eventlog; /* our source in the event log */
extern const struct sbx_step sbx_step_access;   /* group and operators in the folders' DACLs */
extern const struct sbx_step sbx_step_record;   /* installation.json, last */
extern const struct sbx_step sbx_step_group;    /* the local group */
extern const struct sbx_step sbx_step_accounts; /* the accounts, disabled */
extern const struct sbx_step sbx_step_rights;   /* logon rights of the group */
extern const struct sbx_step sbx_step_hidden;   /* not on the logon screen */
extern const struct sbx_step sbx_step_secrets;  /* passwords, set and sealed */
extern const struct sbx_step sbx_step_fence;    /* the WFP filters */
extern const struct sbx_step sbx_step_firewall; /* rules of the firewall, second line */
extern const struct sbx_step sbx_step_proof;    /* offline means offline, by behaviour */
extern const struct sbx_step sbx_step_enable;   /* the gate */

#endif

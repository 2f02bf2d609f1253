/* Between doctor.c and the files of its checks. */
#ifndef SBX_DOCTOR_INTERNAL_H
#define SBX_DOCTOR_INTERNAL_H

#include "doctor.h"

/** Add a row. @return NULL when there is no room */
struct sbx_doctor_row *sbx_doctor_add(struct sbx_doctor_report *report, const char *id,
    enum sbx_doctor_state state, const char *format, ...) SBX_PRINTF(4, 5);

/**
 * The remedy of a row, which may be NULL.
 * @param elevate the command needs an administrator's prompt
 * @param command to be run as it stands; NULL: no command does it
 */
void sbx_doctor_remedy(struct sbx_doctor_row *row, bool elevate, const char *command,
    const char *format, ...) SBX_PRINTF(4, 5);

/** `agent COMMAND` as remedy. */
void sbx_doctor_agent(struct sbx_doctor_row *row, const char *command);

#define CHECK(name)                                                                                \
    void sbx_doctor_##name(                                                                        \
        const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report)

/* doctoraccounts.c */
CHECK(account_missing);
CHECK(account_disabled);
CHECK(account_locked);
CHECK(account_expires);
CHECK(account_password);
CHECK(account_kind);
CHECK(group_members);
CHECK(group_operator);
CHECK(rights_granted);
CHECK(rights_denied);
CHECK(rights_extra);

/* doctormachine.c */
CHECK(record);
CHECK(version_product);
CHECK(version_os);
CHECK(version_programs);
CHECK(seclogon);
CHECK(bfe);
CHECK(mpssvc);
CHECK(fence);
CHECK(firewall_rules);
CHECK(eventlog);
CHECK(firewall_policy);
CHECK(dacl_machine);
CHECK(dacl_secrets);
CHECK(dacl_state);
CHECK(calibration);

/* doctorplaces.c */
CHECK(volumes);
CHECK(tools_user);
CHECK(tools_account);
CHECK(writable_path);
CHECK(writable_root);
CHECK(ledger_gone);
CHECK(ledger_unfinished);
CHECK(ledger_damaged);
CHECK(lease_stale);
CHECK(work_stale);

#undef CHECK

#endif

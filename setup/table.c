/*
 * The order is the argument. Every front part of this table is a safe machine, so a run that stops
 * anywhere, forwards or backwards, leaves one: accounts are disabled until rights, fence and
 * firewall were read back; "enable" is a gate (engine.h, MUST 5); the proof follows it, and the
 * record, which makes agents use all this, comes last.
 */
#include "table.h"

#include "steps.h"

const struct sbx_step *const sbx_setup_steps[] = {
    &sbx_step_folders,
    &sbx_step_programs,
    &sbx_step_eventlog,
    &sbx_step_group,
    &sbx_step_access,
    &sbx_step_accounts,
    &sbx_step_rights,
    &sbx_step_hidden,
    &sbx_step_secrets,
    &sbx_step_fence,
    &sbx_step_firewall,
    &sbx_step_enable,
    &sbx_step_proof,
    &sbx_step_record,
};
const size_t sbx_setup_step_count = countof(sbx_setup_steps);

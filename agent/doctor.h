/*
 * `agent doctor`: static checks of machine, installation and user (shared/core/doctor.h judges,
 * here is gathered), and `--calibrate` (calibrate.c). Reads only, and needs no administrator, who
 * sees more. What cannot be asked stays unknown; a failure to ask is never one of the command.
 */
#ifndef SBX_AGENT_DOCTOR_H
#define SBX_AGENT_DOCTOR_H

#include "installed.h"
#include "ledgerlist.h"
#include "verbs.h"

#include "shared/core/doctor.h"

#define SBX_DOCTOR_TOOLS_MAX 48u
#define SBX_DOCTOR_PLACES_MAX 96u

/* Facts and what they borrow from. Start with {0}. */
struct sbx_doctor_gathered {
    struct sbx_doctor_facts facts;
    struct sbx_prepared prepared; /* places, policy; roots and reads where they could be found */
    struct sbx_installed installed;
    enum sbx_mode mode; /* UNSET: no command would run */
    struct sbx_error programs[8];
    struct sbx_doctor_volume volumes[12];
    struct sbx_doctor_tool tools[SBX_DOCTOR_TOOLS_MAX];
    struct sbx_doctor_place path_places[SBX_DOCTOR_PLACES_MAX];
    struct sbx_doctor_place root_places[SBX_DOCTOR_PLACES_MAX];
    struct sbx_grant_info *infos; /* owned, with facts.ledger_count entries */
    struct sbx_doctor_ledger *ledgers;
    struct sbx_strings leases, work;
    struct sbx_strings texts; /* paths that facts point to */
    char platform[96];
    char *policy_path; /* owned */
};

/* --- doctorgather.c -----------------------------------------------------------------------------
 */

/** Everything. @return failures of our own only */
SBX_MUST_CHECK enum sbx_status sbx_doctor_gather(
    const struct sbx_cli *cli, struct sbx_doctor_gathered *ret, struct sbx_error *err);
void sbx_doctor_gathered_done(struct sbx_doctor_gathered *gathered);

/* --- doctorlook.c -------------------------------------------------------------------------------
 */

/** Tools of PATH: whether user and accounts may execute them. */
SBX_MUST_CHECK enum sbx_status sbx_doctor_look_tools(
    struct sbx_doctor_gathered *gathered, struct sbx_error *err);
/** Directories on PATH and in the roots: who else may write there. */
SBX_MUST_CHECK enum sbx_status sbx_doctor_look_writable(
    struct sbx_doctor_gathered *gathered, struct sbx_error *err);

/* --- doctorstate.c ------------------------------------------------------------------------------
 */

/** Ledgers, leases, work folders, state folder, calibration. */
SBX_MUST_CHECK enum sbx_status sbx_doctor_look_state(
    struct sbx_doctor_gathered *gathered, struct sbx_error *err);

/* --- doctorcmd.c --------------------------------------------------------------------------------
 */

/** `agent doctor`. @return 0 no fault; 1 a fault; 2 usage; 125 failed */
int sbx_doctor_command(const struct sbx_cli *cli, const struct sbx_say *say);

/* --- calibrate.c --------------------------------------------------------------------------------
 */

/** `agent doctor --calibrate`. @return 0 a recipe passed; 1 none did; 2; 125 */
int sbx_calibrate_command(const struct sbx_cli *cli, const struct sbx_say *say);

#endif

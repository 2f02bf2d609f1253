/*
 * Between the files of `agent doctor --calibrate`: calibrate.c (order and verdict), calibratework.c
 * (ordinary work), calibratereport.c (what is printed).
 */
#ifndef SBX_AGENT_CALIBRATEPARTS_H
#define SBX_AGENT_CALIBRATEPARTS_H

#include "verbs.h"
#include "verify.h"

#include "shared/core/calibration.h"

#define SBX_CALIBRATE_RESULTS_MAX 192u

/* One row of one recipe. */
struct sbx_calibrate_result {
    enum sbx_token_choice recipe;
    const char *id;
    bool passed, skipped;
    char why[200];
    uint64_t took_us;
};

struct sbx_calibrate {
    struct sbx_cli cli; /* a copy with the recipe put in; nothing of it is released here */
    struct sbx_prepared prepared; /* places and policy */
    struct sbx_verify_run run;
    struct sbx_verify_report report;
    struct sbx_calibration_entry entry;
    struct sbx_calibrate_result results[SBX_CALIBRATE_RESULTS_MAX];
    size_t count;
    bool ran;        /* a command came as far as being confined, or not */
    bool unconfined; /* one ran that was not */
};

/* --- calibratework.c --- */

/** How many pieces of work there are. */
size_t sbx_calibrate_work_count(void);
/** "work.cmd", ...; static */
const char *sbx_calibrate_work_id(size_t index);
/** Do one as the user, then, where that works, inside with result->recipe. */
void sbx_calibrate_work(
    struct sbx_calibrate *all, size_t index, struct sbx_calibrate_result *result);

/* --- calibratereport.c --- */

SBX_MUST_CHECK enum sbx_status sbx_calibrate_json(
    const struct sbx_calibrate *all, struct sbx_buf *json, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_calibrate_text(
    const struct sbx_calibrate *all, struct sbx_buf *text, struct sbx_error *err);

#endif

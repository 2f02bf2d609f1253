/*
 * agent status: what was found out (statuscmd.c), and how it is said, to people (statustext.c) and
 * to programs (statusjson.c).
 */
#ifndef SBX_AGENT_STATUS_H
#define SBX_AGENT_STATUS_H

#include "facts.h"
#include "installed.h"
#include "verbs.h"

#include "shared/core/json.h"

/* The most that an answer can take. */
#define SBX_STATUS_MAX_BYTES (1024u * 1024u)

struct sbx_machine_state {
    struct sbx_prepared prepared; /* facts and policy; no plan */
    struct sbx_installed installed;
    enum sbx_mode mode; /* UNSET: no command would run */
    struct sbx_error no_mode;
    /* As record.programs; status OK: the file is the one that was installed. */
    struct sbx_error programs[SBX_INSTALLATION_PROGRAMS_MAX];
    struct cJSON *machine; /* of sandbox-setup status; NULL: not answered */
    struct sbx_error no_machine;
    char platform[96];
};

/** The recipe that a run with this policy would use. @return a word of policies; static */
const char *sbx_status_recipe(const struct sbx_machine_state *state);

/** That recipe was found by calibration, for this build, version and mode. */
bool sbx_status_is_calibrated(const struct sbx_machine_state *state);

/** What the mode does not hold, as sentences. @return static; ret_count 0 when nothing would run */
const char *const *sbx_status_residuals(const struct sbx_machine_state *state, size_t *ret_count);

/** Append the answer. @return SBX_INVALID beyond SBX_STATUS_MAX_BYTES; SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_status_text(
    const struct sbx_machine_state *state, struct sbx_buf *text, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_status_json(
    const struct sbx_machine_state *state, struct sbx_buf *json, struct sbx_error *err);

#endif

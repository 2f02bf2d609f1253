/*
 * The result of `agent run` as one JSON object, for --result and --json.
 */
#ifndef SBX_AGENT_RESULT_H
#define SBX_AGENT_RESULT_H

#include "protect.h"
#include "shared/core/approval.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/message.h"
#include "shared/core/plan.h"

struct sbx_result {
    const struct sbx_plan *plan;                  /* NULL: it did not come to a plan */
    const struct sbx_reply *reply;                /* NULL: the runner gave none */
    const struct sbx_error *error;                /* NULL: no failure of ours */
    const struct sbx_approval_records *approvals; /* never NULL; what was asked and answered */
    const struct sbx_grant_report *grants;        /* NULL: it did not come to the grants */
    const struct sbx_protect_report *protect;     /* never NULL; {0}: nothing was watched */
    const char *uncopied;                         /* NULL, or what the Event Log did not take */
    uint32_t exit_code;                           /* what agent.exe exits with */
    uint64_t descriptor_reads, descriptor_writes;
    bool runner_ready;   /* a runner that was started before took the command */
    bool grants_warm;    /* everything was granted before */
    bool shared_account; /* another policy's commands ran as the same account meanwhile */
    uint64_t policy_us, facts_us, plan_us, grants_us, runner_us, total_us;
};

/** Append the object, compact, without a line end. */
SBX_MUST_CHECK enum sbx_status sbx_result_format(
    const struct sbx_result *result, struct sbx_buf *ret_json, struct sbx_error *err);

/**
 * Where --result goes: opened before anything runs, so that a place that cannot be written stops
 * the run instead of losing its result. A link or a further name of a file is refused: the place
 * may be one that a command could write.
 * @param target FILE (created or truncated), or "handle:N" with an inherited handle's value
 * @param ret_handle owned
 */
SBX_MUST_CHECK enum sbx_status sbx_result_open(
    const char *target, void **ret_handle, struct sbx_error *err);

/**
 * A file for writing, created or emptied, under the same conditions: also where `agent serve` puts
 * a command's output that does not go through it. A pipe is opened without giving its server more
 * than our name.
 */
SBX_MUST_CHECK enum sbx_status sbx_result_open_file(
    const char *target, void **ret_handle, struct sbx_error *err);

/** Write the object and a line end, then close the handle. */
SBX_MUST_CHECK enum sbx_status sbx_result_write(
    void **handle, const struct sbx_buf *json, struct sbx_error *err);

#endif

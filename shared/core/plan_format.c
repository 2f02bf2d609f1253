/*
 * See plan.h: the plan as JSON for --dry-run.
 *
 * The token is computed by the same function that the runner uses, from what is known before a
 * logon: the groups of the base token are left out but for its logon SID.
 */
#include "plan.h"

#include <stdio.h>

#include "capsid.h"
#include "jsonwrite.h"
#include "tokenplan.h"

static void put_strings(struct sbx_json_writer *w, const char *key, const struct sbx_strings *list)
{
    sbx_json_key_strings(w, key, (const char *const *)list->items, list->count);
}

static void put_hex(struct sbx_json_writer *w, const char *key, uint32_t value)
{
    char text[12];

    snprintf(text, sizeof(text), "0x%08lX", (unsigned long)value);
    sbx_json_key_string(w, key, text);
}

/* --- token ---------------------------------------------------------------------------------- */

/* Stands for the logon SID that the logon of the account will make (its form: S-1-5-5-x-y). */
static const struct sbx_sid future_logon = {5, 3, {5, 0, 0}};

static void put_groups(struct sbx_json_writer *w, const char *key, const struct sbx_groups *groups)
{
    char text[SBX_SID_TEXT_SIZE];
    size_t i;

    sbx_json_key_array(w, key);
    for (i = 0; i < groups->count; i++) {
        sbx_sid_format(&groups->items[i].sid, text);
        sbx_json_string(
            w, sbx_sid_equal(&groups->items[i].sid, &future_logon) ? "logon SID" : text);
    }
    sbx_json_end_array(w);
}

static void put_token_flags(struct sbx_json_writer *w, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {SBX_RESTRICT_DISABLE_MAX_PRIVILEGE, "DISABLE_MAX_PRIVILEGE"},
        {SBX_RESTRICT_LUA_TOKEN, "LUA_TOKEN"},
        {SBX_RESTRICT_WRITE_RESTRICTED, "WRITE_RESTRICTED"},
    };
    size_t i;

    sbx_json_key_array(w, "flags");
    for (i = 0; i < countof(names); i++)
        if (flags & names[i].flag)
            sbx_json_string(w, names[i].name);
    sbx_json_end_array(w);
}

static enum sbx_status make_token(const struct sbx_plan *plan, struct sbx_sid *capabilities,
    struct sbx_tokenplan *ret_token, struct sbx_error *err)
{
    struct sbx_tokenplan_input input = {.recipe = plan->recipe,
        .elevated = plan->mode == SBX_MODE_ELEVATED,
        .capability_sids = capabilities,
        .capability_count = plan->capability_sids.count};
    struct sbx_sid logon = future_logon;
    struct sbx_groups groups = {0};
    enum sbx_status status = sbx_sid_parse(plan->user_sid, &input.user_sid, err);
    size_t i;

    if (!status)
        status = sbx_sid_parse(plan->run_sid, &input.run_sid, err);
    if (!status && plan->logon_sid)
        status = sbx_sid_parse(plan->logon_sid, &logon, err);
    for (i = 0; !status && i < plan->capability_sids.count; i++)
        status = sbx_sid_parse(plan->capability_sids.items[i], &capabilities[i], err);
    if (input.elevated)
        input.account_sid = input.user_sid;
    /* A caller without a logon SID (a service) has none to put in: the recipe says if it must. */
    if (!status && (input.elevated || plan->logon_sid))
        status = sbx_groups_add(
            &groups, &logon, SBX_GROUP_LOGON_ID | SBX_GROUP_MANDATORY | SBX_GROUP_ENABLED, err);
    input.groups = &groups;
    if (!status)
        status = sbx_tokenplan_make(&input, ret_token, err);
    sbx_groups_done(&groups);
    return status;
}

static enum sbx_status put_token(
    struct sbx_json_writer *w, const struct sbx_plan *plan, struct sbx_error *err)
{
    struct sbx_tokenplan token = {0};
    struct sbx_sid *capabilities = NULL;
    enum sbx_status status =
        sbx_calloc(plan->capability_sids.count + 1, sizeof(*capabilities), &capabilities, err);

    if (!status)
        status = make_token(plan, capabilities, &token, err);
    free(capabilities);
    if (status)
        return status;
    sbx_json_key_object(w, "token");
    sbx_json_key_string(w, "user", plan->user_sid);
    put_token_flags(w, token.flags);
    put_groups(w, "restricting", &token.restricting);
    put_groups(w, "disabled", &token.disable);
    sbx_json_end_object(w);
    sbx_tokenplan_done(&token);
    return SBX_OK;
}

/* --- files ---------------------------------------------------------------------------------- */

static void put_roots(struct sbx_json_writer *w, const struct sbx_plan *plan)
{
    size_t i;

    sbx_json_key_array(w, "roots");
    for (i = 0; i < plan->root_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", plan->roots[i].path);
        sbx_json_key_bool(w, "writable", plan->roots[i].writable);
        sbx_json_key_string(w, "capabilitySid", plan->roots[i].capability_sid);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

static void put_aces(struct sbx_json_writer *w, const struct sbx_plan *plan)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } names[] = {{SBX_ACE_OI, "OI"}, {SBX_ACE_CI, "CI"}, {SBX_ACE_NP, "NP"}, {SBX_ACE_IO, "IO"}};
    size_t i, k;

    sbx_json_key_array(w, "aces");
    for (i = 0; i < plan->ace_count; i++) {
        const struct sbx_plan_ace *ace = &plan->aces[i];

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", ace->path);
        sbx_json_key_string(w, "sid", ace->sid);
        sbx_json_key_string(w, "type", ace->type == SBX_ACE_DENY ? "deny" : "allow");
        sbx_json_key_array(w, "flags");
        for (k = 0; k < countof(names); k++)
            if (ace->flags & names[k].flag)
                sbx_json_string(w, names[k].name);
        sbx_json_end_array(w);
        put_hex(w, "mask", ace->mask);
        sbx_json_key_string(w, "why", ace->why);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

/* --- the rest ------------------------------------------------------------------------------- */

/* Names only, in the order of the block: values may be secrets. */
static void put_environment(struct sbx_json_writer *w, const struct sbx_plan *plan)
{
    size_t i;

    sbx_json_key_object(w, "environment");
    sbx_json_key_array(w, "names");
    for (i = 0; i < plan->environment.count; i++)
        sbx_json_string(w, plan->environment.vars[i].name);
    sbx_json_end_array(w);
    put_strings(w, "scrubbed", &plan->environment_scrubbed);
    sbx_json_end_object(w);
}

static void put_limit(struct sbx_json_writer *w, const char *key, uint64_t value)
{
    if (value)
        sbx_json_key_uint64(w, key, value);
    else
        sbx_json_key_null(w, key);
}

static void put_limits(struct sbx_json_writer *w, const struct sbx_policy_limits *limits)
{
    sbx_json_key_object(w, "limits");
    put_limit(w, "timeoutMs", limits->timeout_ms);
    put_limit(w, "processes", limits->processes);
    put_limit(w, "memoryBytes", limits->memory_bytes);
    put_limit(w, "processMemoryBytes", limits->process_memory_bytes);
    put_limit(w, "cpuPercent", limits->cpu_percent);
    sbx_json_key_string(w, "ui", sbx_ui_limits_name(limits->ui));
    sbx_json_end_object(w);
}

static void put_network(struct sbx_json_writer *w, const struct sbx_plan *plan)
{
    sbx_json_key_object(w, "network");
    sbx_json_key_string(w, "access", sbx_network_name(plan->network));
    sbx_json_key_bool(w, "defaulted", plan->network_defaulted);
    sbx_json_key_bool(
        w, "enforced", plan->mode == SBX_MODE_ELEVATED && plan->network < SBX_NETWORK_ADVISORY);
    sbx_json_end_object(w);
}

enum sbx_status sbx_plan_format(
    const struct sbx_plan *plan, struct sbx_buf *ret_json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    enum sbx_status status;

    sbx_json_writer_begin(&w, ret_json, true);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "mode", sbx_mode_name(plan->mode));
    sbx_json_key_string(&w, "recipe", sbx_token_choice_name(plan->recipe));
    sbx_json_key_string(&w, "account", plan->account && plan->account[0] ? plan->account : NULL);
    sbx_json_key_string(&w, "cwd", plan->cwd);
    sbx_json_key_string(&w, "runSid", plan->run_sid);
    status = put_token(&w, plan, err);
    if (status)
        return status;
    put_network(&w, plan);
    put_roots(&w, plan);
    put_aces(&w, plan);
    put_strings(&w, "protectedNames", &plan->protected_names);
    sbx_json_key_string(&w, "onCreatedProtected", sbx_on_created_name(plan->on_created_protected));
    sbx_json_key_string(&w, "git", sbx_git_name(plan->git));
    put_environment(&w, plan);
    put_limits(&w, &plan->limits);
    sbx_json_key_bool(&w, "background", plan->background);
    sbx_json_key_string(&w, "desktop", sbx_desktop_name(plan->desktop));
    sbx_json_key_string(&w, "policyHash", plan->policy_hash);
    put_strings(&w, "warnings", &plan->warnings);
    sbx_json_end_object(&w);
    return sbx_json_writer_end(&w, err);
}

/* See verbs.h. */
#include "verbs.h"

#include "doctor.h"
#include "facts.h"
#include "policyload.h"
#include "readroots.h"
#include "verify.h"
#include "workdirs.h"

#include "shared/core/utf.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/token.h"

#define LINE_MAX_BYTES 70000u

int sbx_verbs_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    switch (cli->verb) {
    case SBX_VERB_SERVE:
        return sbx_serve_command(cli, say);
    case SBX_VERB_MCP:
        return sbx_mcp_command(cli, say);
    case SBX_VERB_WHY:
        return sbx_why_command(cli, say);
    case SBX_VERB_GRANTS_LIST:
        return sbx_grants_list_command(cli, say);
    case SBX_VERB_GRANTS_REPAIR:
        return sbx_grants_repair_command(cli, say);
    case SBX_VERB_REVOKE:
        return sbx_revoke_command(cli, say);
    case SBX_VERB_AUDIT_WRITABLE:
        return sbx_audit_command(cli, say);
    case SBX_VERB_AUDIT_SHOW:
        return sbx_audit_show_command(cli, say);
    case SBX_VERB_AUDIT_VERIFY:
        return sbx_audit_verify_command(cli, say);
    case SBX_VERB_POLICY_TEST:
        return sbx_policy_test_command(cli, say);
    case SBX_VERB_POLICY_VALIDATE:
        return sbx_policy_validate_command(cli, say);
    case SBX_VERB_POLICY_SHOW:
        return sbx_policy_show_command(cli, say);
    case SBX_VERB_SETUP:
    case SBX_VERB_REPAIR:
    case SBX_VERB_UNINSTALL:
        return sbx_setup_command(cli, say);
    case SBX_VERB_STATUS:
        return sbx_status_command(cli, say);
    case SBX_VERB_EXPLAIN:
        return sbx_explain_command(cli, say);
    case SBX_VERB_DOCTOR:
        return sbx_doctor_command(cli, say);
    case SBX_VERB_VERIFY:
        return sbx_verify_command(cli, say);
    case SBX_VERB_RUN:
    case SBX_VERB_HELP:
    case SBX_VERB_VERSION:
        break;
    }
    return SBX_EXIT_USAGE;
}

enum sbx_status sbx_verbs_policy(
    const struct sbx_cli *cli, struct sbx_prepared *ret_prepared, struct sbx_error *err)
{
    struct sbx_facts *facts = &ret_prepared->facts;
    enum sbx_status status;

    sbx_policy_init(&ret_prepared->policy, SBX_LAYER_COMMAND);
    status = sbx_facts_places(cli->cwd, facts, err);
    if (status == SBX_INVALID) /* the options are right, the place is not: as for `run` */
        status = err->status = SBX_NOT_FOUND;
    if (!status)
        status = sbx_policy_load(cli, facts->cwd, facts->state_directory, facts->program_files,
            &ret_prepared->policy, err);
    return status;
}

enum sbx_status sbx_verbs_plan(const struct sbx_policy *policy, struct sbx_facts *facts,
    struct sbx_plan *ret_plan, struct sbx_error *err)
{
    struct sbx_strings names = {0};
    enum sbx_mode mode = SBX_MODE_UNSET;
    enum sbx_status status;

    status = sbx_plan_mode(policy, facts, &mode, err);
    if (!status)
        status = sbx_plan_protected_names(policy, &names, err);
    if (!status)
        status = sbx_facts_roots(policy, &names, facts, err);
    if (!status)
        status = sbx_readroots_add(policy, mode, facts, err);
    if (!status)
        status = sbx_workdirs_name(policy, mode, facts, err);
    if (!status)
        status = sbx_plan_make(policy, facts, ret_plan, err);
    sbx_strings_done(&names);
    return status;
}

enum sbx_status sbx_verbs_prepare(
    const struct sbx_cli *cli, struct sbx_prepared *ret_prepared, struct sbx_error *err)
{
    enum sbx_status status = sbx_verbs_policy(cli, ret_prepared, err);

    return status ? status
                  : sbx_verbs_plan(
                        &ret_prepared->policy, &ret_prepared->facts, &ret_prepared->plan, err);
}

void sbx_verbs_prepared_done(struct sbx_prepared *prepared)
{
    sbx_plan_done(&prepared->plan);
    sbx_policy_done(&prepared->policy);
    sbx_facts_done(&prepared->facts);
}

static enum sbx_status primary_group(HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    size_t size_bytes = 0;
    void *bytes = NULL;
    enum sbx_status status =
        sbx_token_query(token, TokenPrimaryGroup, 4096, &bytes, &size_bytes, err);

    if (!status && size_bytes < sizeof(TOKEN_PRIMARY_GROUP))
        status = sbx_fail(err, SBX_UNPROVEN, "the token has no primary group");
    if (!status)
        status = sbx_sid_from_psid(((TOKEN_PRIMARY_GROUP *)bytes)->PrimaryGroup, ret_sid, err);
    free(bytes);
    return status;
}

static enum sbx_status plan_token(const struct sbx_plan *plan, struct sbx_tokenplan_input *input,
    struct sbx_tokenplan *ret_plan, struct sbx_error *err)
{
    struct sbx_sid *capabilities = NULL;
    enum sbx_status status;
    size_t i;

    status = sbx_sid_parse(plan->run_sid, &input->run_sid, err);
    if (!status)
        status =
            sbx_calloc(plan->capability_sids.count + 1, sizeof(*capabilities), &capabilities, err);
    for (i = 0; !status && i < plan->capability_sids.count; i++)
        status = sbx_sid_parse(plan->capability_sids.items[i], &capabilities[i], err);
    input->recipe = plan->recipe;
    input->capability_sids = capabilities;
    input->capability_count = plan->capability_sids.count;
    if (!status)
        status = sbx_tokenplan_make(input, ret_plan, err);
    free(capabilities);
    return status;
}

enum sbx_status sbx_verbs_token(
    const struct sbx_plan *plan, struct sbx_planned_token *ret_token, struct sbx_error *err)
{
    struct sbx_tokenplan_input input = {0};
    enum sbx_status status;
    HANDLE token = NULL;

    if (plan->mode != SBX_MODE_UNELEVATED)
        return sbx_fail(err, SBX_UNSUPPORTED,
            "the groups of '%s' are known only after its logon: not answered in elevated mode",
            plan->account);
    status = sbx_token_open_self(TOKEN_QUERY | TOKEN_DUPLICATE, &token, err);
    if (!status)
        status = sbx_token_describe_base(token, &input, &ret_token->groups, err);
    if (!status)
        status = primary_group(token, &ret_token->creator.group, err);
    if (!status)
        status = plan_token(plan, &input, &ret_token->plan, err);
    if (!status)
        status = sbx_why_token_make(&ret_token->plan, &ret_token->why, err);
    if (status) {
        sbx_error_context(err, "the token of the command");
    } else {
        ret_token->creator.owner = ret_token->plan.user_sid;
        ret_token->creator.default_dacl = &ret_token->plan.default_dacl;
    }
    sbx_handle_close(&token);
    return status;
}

void sbx_verbs_token_done(struct sbx_planned_token *token)
{
    sbx_why_token_done(&token->why);
    sbx_tokenplan_done(&token->plan);
    sbx_groups_done(&token->groups);
}

int sbx_verbs_failed(const struct sbx_say *say, const struct sbx_error *err)
{
    sbx_say_error(say, err);
    return err->status == SBX_INVALID ? SBX_EXIT_USAGE : SBX_EXIT_SANDBOX;
}

/* To standard output, or to whoever wants to have it. */
static bool put(const struct sbx_say *say, const char *bytes, size_t length_bytes)
{
    return say->answer ? !sbx_buf_add(say->answer, bytes, length_bytes, NULL)
                       : sbx_say_write(STD_OUTPUT_HANDLE, bytes, length_bytes);
}

bool sbx_verbs_print(const struct sbx_say *say, const struct sbx_buf *text)
{
    const char *line = text->data ? text->data : "";
    char *clean = NULL;
    bool ok = true;

    if (sbx_calloc(LINE_MAX_BYTES, 1, &clean, NULL))
        return false;
    while (ok && *line) {
        size_t length = strcspn(line, "\n");

        sbx_utf_printable(line, length, clean, LINE_MAX_BYTES);
        ok = put(say, clean, strlen(clean)) && (!line[length] || put(say, "\n", 1));
        line += length + (line[length] == '\n');
    }
    free(clean);
    return ok;
}

bool sbx_verbs_print_json(const struct sbx_say *say, const struct sbx_buf *json)
{
    return put(say, json->data, json->length_bytes);
}

bool sbx_verbs_show(
    const struct sbx_cli *cli, const struct sbx_say *say, const struct sbx_buf *text)
{
    return cli->json ? sbx_verbs_print_json(say, text) : sbx_verbs_print(say, text);
}

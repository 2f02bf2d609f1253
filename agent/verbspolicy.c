/* `agent policy validate` and `agent policy show`: see verbs.h. */
#include "verbs.h"

#include "policyload.h"
#include "shared/core/jsonwrite.h"
#include "shared/win/winerr.h"

#define ANSWER_MAX_BYTES (17u * 1024u * 1024u)

/* One file. @return whether it is a policy */
static bool validate(
    const char *path, const struct sbx_say *say, bool *ret_oom, struct sbx_json_writer *w)
{
    struct sbx_policy policy;
    struct sbx_error err;
    enum sbx_status status;

    sbx_error_init(&err);
    sbx_policy_init(&policy, SBX_LAYER_FILE);
    status = sbx_policy_read(path, &policy, &err);
    sbx_policy_done(&policy);
    *ret_oom |= status == SBX_OOM;
    sbx_json_begin_object(w);
    sbx_json_key_string(w, "path", path);
    sbx_json_key_bool(w, "ok", !status);
    sbx_json_key_string(w, "error", status ? err.context : NULL);
    sbx_json_end_object(w);
    if (status)
        sbx_say_error(say, &err);
    return !status;
}

int sbx_policy_validate_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    bool all_ok = true, oom = false;
    struct sbx_json_writer w;
    struct sbx_error err;
    struct sbx_buf json;
    size_t i;

    sbx_error_init(&err);
    sbx_buf_init(&json, ANSWER_MAX_BYTES);
    sbx_json_writer_begin(&w, &json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_array(&w, "files");
    for (i = 0; i < cli->operands.count; i++)
        all_ok &= validate(cli->operands.items[i], say, &oom, &w);
    sbx_json_end_array(&w);
    sbx_json_end_object(&w);
    if (sbx_json_writer_end(&w, &err) || sbx_buf_putc(&json, '\n', &err))
        sbx_say_error(say, &err);
    else if (cli->json && !sbx_verbs_print_json(say, &json))
        oom = true;
    sbx_buf_done(&json);
    return oom ? SBX_EXIT_SANDBOX : all_ok ? 0 : SBX_EXIT_USAGE;
}

static enum sbx_status format(
    const struct sbx_policy *policy, struct sbx_buf *text, struct sbx_error *err)
{
    char hash[65];
    enum sbx_status status = sbx_policy_hash(policy, hash, err);

    if (!status)
        status = sbx_buf_printf(
            text, err, "{\"version\": 1,\n\"policyHash\": \"%s\",\n\"policy\": ", hash);
    if (!status)
        status = sbx_policy_format(policy, text, err);
    return status ? status : sbx_buf_puts(text, "}\n", err);
}

int sbx_policy_show_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_prepared prepared = {0};
    enum sbx_status status;
    struct sbx_error err;
    struct sbx_buf text;

    sbx_error_init(&err);
    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    status = sbx_verbs_policy(cli, &prepared, &err);
    if (!status)
        status = format(&prepared.policy, &text, &err);
    if (!status && !sbx_verbs_print_json(say, &text))
        status = sbx_fail(&err, SBX_OS, "standard output cannot be written");
    sbx_buf_wipe(&text); /* environment.set may hold secrets */
    sbx_verbs_prepared_done(&prepared);
    return status ? sbx_verbs_failed(say, &err) : 0;
}

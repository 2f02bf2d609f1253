/*
 * `agent policy test`: the rules of a policy as data. Each row says what is asked for and what the
 * decision must be; the policy is the one that `agent run` with the same options would follow.
 *
 *   {"rows": [
 *     {"argv": ["git", "push"], "expect": "prompt", "reason": "ask before pushing"},
 *     {"kind": "write", "from": "parameter", "expect": "prompt"}
 *   ]}
 */
#include "verbs.h"

#include "shared/core/approval.h"
#include "shared/core/json.h"
#include "shared/core/jsonwrite.h"
#include "shared/win/file.h"

#define ROWS_MAX_BYTES (4u * 1024u * 1024u)
#define ANSWER_MAX_BYTES (16u * 1024u * 1024u)
#define WORDS_MAX 1024u

struct row {
    const char **argv; /* owned array; NULL for a row with a kind */
    size_t argc;
    size_t kind, from; /* indexes of the tables below */
    size_t expect;
    const char *reason; /* NULL: not compared */
};

static const char *const kinds[] = {"write", "desktop", "network"};
static const enum sbx_approval_kind kind_values[] = {
    SBX_APPROVAL_WRITE, SBX_APPROVAL_DESKTOP, SBX_APPROVAL_NETWORK};
static const char *const origins[] = {"option", "parameter"};
static const char *const decisions[] = {"allow", "prompt", "deny"}; /* enum sbx_decision - 1 */

static enum sbx_status read_row(
    const struct sbx_json_at *at, struct row *row, struct sbx_error *err)
{
    static const char *const keys[] = {"argv", "kind", "from", "expect", "reason"};
    enum sbx_status status = sbx_json_as_object(at, err);

    if (!status)
        status = sbx_json_known_keys(at, keys, countof(keys), err);
    if (!status)
        status = sbx_json_require(at, "expect", err);
    if (!status)
        status = sbx_json_get_enum(at, "expect", decisions, countof(decisions), &row->expect, err);
    if (!status)
        status = sbx_json_get_string_list(
            at, "argv", WORDS_MAX, SBX_POLICY_MAX_TEXT, &row->argv, &row->argc, err);
    if (!status)
        status = sbx_json_get_enum(at, "kind", kinds, countof(kinds), &row->kind, err);
    if (!status)
        status = sbx_json_get_enum(at, "from", origins, countof(origins), &row->from, err);
    if (!status)
        status = sbx_json_get_string(at, "reason", SBX_POLICY_MAX_TEXT, &row->reason, err);
    if (!status && (row->argc != 0) == sbx_json_has(at, "kind"))
        status = sbx_fail(err, SBX_INVALID, "'%s': argv with words, or kind", at->path);
    return status;
}

/* @return whether the row came out as expected */
static bool try_row(const struct sbx_policy *policy, const struct row *row,
    enum sbx_decision *ret_got, const char **ret_reason)
{
    *ret_reason = NULL;
    if (row->argc)
        *ret_got = sbx_policy_decide(policy, row->argv, row->argc, ret_reason);
    else
        *ret_got = sbx_approval_rule(
            policy, kind_values[row->kind], row->from ? SBX_ORIGIN_PROGRAM : SBX_ORIGIN_PERSON);
    return (size_t)*ret_got == row->expect + 1 &&
           (!row->reason || (*ret_reason && strcmp(row->reason, *ret_reason) == 0));
}

struct answer {
    struct sbx_buf text;
    struct sbx_json_writer w;
    bool json;
    size_t rows, failed;
};

static enum sbx_status put_failure(struct answer *answer, const struct row *row,
    enum sbx_decision got, const char *reason, struct sbx_error *err)
{
    const char *what = row->argc ? row->argv[0] : kinds[row->kind];

    if (!answer->json)
        return sbx_buf_printf(&answer->text, err, "row %zu (%s): expected %s%s%s, got %s%s%s\n",
            answer->rows, what, decisions[row->expect], row->reason ? ": " : "",
            row->reason ? row->reason : "", sbx_decision_name(got), reason ? ": " : "",
            reason ? reason : "");
    sbx_json_begin_object(&answer->w);
    sbx_json_key_uint64(&answer->w, "row", answer->rows);
    sbx_json_key_string(&answer->w, "what", what);
    sbx_json_key_string(&answer->w, "expected", decisions[row->expect]);
    sbx_json_key_string(&answer->w, "got", sbx_decision_name(got));
    sbx_json_key_string(&answer->w, "reason", reason);
    sbx_json_end_object(&answer->w);
    return SBX_OK;
}

static enum sbx_status try_rows(const struct sbx_policy *policy, const struct sbx_buf *bytes,
    struct answer *answer, struct sbx_error *err)
{
    static const char *const keys[] = {"$schema", "rows"};
    const struct sbx_json_limits limits = {ROWS_MAX_BYTES, 8};
    struct sbx_json_at root, array, at = {0};
    struct cJSON *doc = NULL;
    enum sbx_status status =
        sbx_json_parse(bytes->data ? bytes->data : "", bytes->length_bytes, &limits, &doc, err);

    if (!status)
        status = sbx_json_root_object(doc, &root, err);
    if (!status)
        status = sbx_json_known_keys(&root, keys, countof(keys), err);
    if (!status)
        status = sbx_json_require(&root, "rows", err);
    if (!status)
        status = sbx_json_get_array(&root, "rows", &array, err);
    while (!status && sbx_json_next(&array, &at)) {
        enum sbx_decision got = SBX_DECISION_UNSET;
        struct row row = {0};
        const char *reason = NULL;

        answer->rows++;
        status = read_row(&at, &row, err);
        if (!status && !try_row(policy, &row, &got, &reason)) {
            answer->failed++;
            status = put_failure(answer, &row, got, reason, err);
        }
        free(row.argv);
    }
    sbx_json_free(doc);
    return status;
}

static enum sbx_status finish(struct answer *answer, struct sbx_error *err)
{
    enum sbx_status status;

    if (!answer->json)
        return sbx_buf_printf(
            &answer->text, err, "%zu rows, %zu not as expected\n", answer->rows, answer->failed);
    sbx_json_end_array(&answer->w);
    sbx_json_key_uint64(&answer->w, "rows", answer->rows);
    sbx_json_key_uint64(&answer->w, "failed", answer->failed);
    sbx_json_end_object(&answer->w);
    status = sbx_json_writer_end(&answer->w, err);
    return status ? status : sbx_buf_putc(&answer->text, '\n', err);
}

int sbx_policy_test_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_prepared prepared = {0};
    struct answer answer = {.json = cli->json};
    enum sbx_status status;
    struct sbx_error err;
    struct sbx_buf bytes;

    sbx_error_init(&err);
    sbx_buf_init(&bytes, ROWS_MAX_BYTES);
    sbx_buf_init(&answer.text, ANSWER_MAX_BYTES);
    if (cli->json) {
        sbx_json_writer_begin(&answer.w, &answer.text, false);
        sbx_json_begin_object(&answer.w);
        sbx_json_key_uint64(&answer.w, "version", 1);
        sbx_json_key_array(&answer.w, "failures");
    }
    status = sbx_verbs_policy(cli, &prepared, &err);
    if (!status)
        status = sbx_file_read_named(cli->operands.items[0], &bytes, &err);
    if (!status)
        status = try_rows(&prepared.policy, &bytes, &answer, &err);
    if (status == SBX_NOT_FOUND || status == SBX_INVALID) {
        status = err.status = SBX_INVALID; /* the rows cannot be read: a usage error */
        sbx_error_context(&err, "'%s'", cli->operands.items[0]);
    }
    if (!status)
        status = finish(&answer, &err);
    if (!status &&
        !(cli->json ? sbx_verbs_print_json(say, &answer.text) : sbx_verbs_print(say, &answer.text)))
        status = sbx_fail(&err, SBX_OS, "standard output cannot be written");
    sbx_buf_done(&answer.text);
    sbx_buf_done(&bytes);
    sbx_verbs_prepared_done(&prepared);
    if (status)
        return sbx_verbs_failed(say, &err);
    return answer.failed ? SBX_EXIT_FOUND : 0;
}

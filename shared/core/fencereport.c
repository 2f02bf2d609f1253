/* See fencereport.h. */
#include "fencereport.h"

#include "json.h"

/* What a try must come to. */
enum must { BLOCKED, WORKS, EITHER };

static const struct {
    const char *name;
    bool v6;
    uint8_t offline, online; /* enum must */
} rows[SBX_TRY_COUNT] = {
    {"connect-tcp4", false, BLOCKED, BLOCKED},
    {"connect-tcp6", true, BLOCKED, BLOCKED},
    {"connect-mapped", true, BLOCKED, BLOCKED},
    {"send-udp4", false, BLOCKED, BLOCKED},
    {"send-udp6", true, BLOCKED, BLOCKED},
    {"listen-tcp4", false, BLOCKED, EITHER},
    {"listen-tcp6", true, BLOCKED, EITHER},
    {"bind-udp4", false, BLOCKED, EITHER},
    {"bind-udp6", true, BLOCKED, EITHER},
    {"squat-tcp4", false, BLOCKED, BLOCKED},
    {"squat-tcp6", true, BLOCKED, BLOCKED},
    {"proxy-tcp4", false, WORKS, BLOCKED},
    {"proxy-tcp6", true, WORKS, BLOCKED},
    {"proxy-udp4", false, BLOCKED, BLOCKED},
    {"proxy-udp6", true, BLOCKED, BLOCKED},
};

static const char *const token_names[SBX_FENCE_TOKEN_COUNT] = {"own", "deny-only", "restricted"};

const char *sbx_fence_try_name(enum sbx_fence_try try_)
{
    return (size_t)try_ < SBX_TRY_COUNT ? rows[try_].name : NULL;
}

const char *sbx_fence_token_name(enum sbx_fence_token token)
{
    return (size_t)token < SBX_FENCE_TOKEN_COUNT ? token_names[token] : NULL;
}

bool sbx_fence_token_parse(const char *name, enum sbx_fence_token *ret_token)
{
    int i;

    for (i = 0; i < SBX_FENCE_TOKEN_COUNT; i++)
        if (strcmp(name, token_names[i]) == 0) {
            *ret_token = (enum sbx_fence_token)i;
            return true;
        }
    return false;
}

/* A try is one number: 0 when it worked, else the code; left out when it was not made. */
enum sbx_status sbx_fence_report_format(
    const struct sbx_fence_report *report, struct sbx_buf *ret_line, struct sbx_error *err)
{
    struct sbx_json_writer w;
    enum sbx_status status;
    size_t i;

    sbx_json_writer_begin(&w, ret_line, false);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "token", sbx_fence_token_name(report->token));
    sbx_json_key_bool(&w, "derived", report->derived);
    sbx_json_key_uint64(&w, "deriveCode", report->derive_code);
    sbx_json_key_object(&w, "tries");
    for (i = 0; i < SBX_TRY_COUNT; i++)
        if (report->tries[i].made)
            sbx_json_key_uint64(
                &w, rows[i].name, report->tries[i].done ? 0 : report->tries[i].code);
    sbx_json_end_object(&w);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(ret_line, '\n', err);
}

static enum sbx_status read_tries(
    const struct sbx_json_at *object, struct sbx_fence_report *report, struct sbx_error *err)
{
    const char *names[SBX_TRY_COUNT];
    enum sbx_status status;
    size_t i;

    for (i = 0; i < SBX_TRY_COUNT; i++)
        names[i] = rows[i].name;
    status = sbx_json_known_keys(object, names, SBX_TRY_COUNT, err);
    for (i = 0; !status && i < SBX_TRY_COUNT; i++) {
        int64_t code = 0;

        if (!sbx_json_has(object, names[i]))
            continue;
        status = sbx_json_get_int(object, names[i], 0, UINT32_MAX, &code, err);
        report->tries[i].made = true;
        report->tries[i].done = code == 0;
        report->tries[i].code = (uint32_t)code;
    }
    return status;
}

static enum sbx_status read_root(
    const struct sbx_json_at *root, struct sbx_fence_report *report, struct sbx_error *err)
{
    static const char *const keys[] = {"token", "derived", "deriveCode", "tries"};
    struct sbx_json_at tries = {0};
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);
    size_t i, token = 0;
    int64_t code = 0;

    for (i = 0; !status && i < countof(keys); i++)
        status = sbx_json_require(root, keys[i], err);
    if (!status)
        status = sbx_json_get_enum(root, "token", token_names, SBX_FENCE_TOKEN_COUNT, &token, err);
    if (!status)
        status = sbx_json_get_bool(root, "derived", &report->derived, err);
    if (!status)
        status = sbx_json_get_int(root, "deriveCode", 0, UINT32_MAX, &code, err);
    if (!status)
        status = sbx_json_get_object(root, "tries", &tries, err);
    if (!status)
        status = read_tries(&tries, report, err);
    report->token = (enum sbx_fence_token)token;
    report->derive_code = (uint32_t)code;
    return status;
}

enum sbx_status sbx_fence_report_parse(const char *text, size_t length_bytes,
    struct sbx_fence_report *ret_report, struct sbx_error *err)
{
    const struct sbx_json_limits limits = {.max_bytes = SBX_FENCE_REPORT_MAX_BYTES, .max_depth = 3};
    struct sbx_fence_report report = {SBX_FENCE_TOKEN_OWN, false, 0, {{false, false, 0}}};
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    enum sbx_status status;

    status = sbx_json_parse(text, length_bytes, &limits, &doc, err);
    if (!status)
        status = sbx_json_root_object(doc, &root, err);
    if (!status)
        status = read_root(&root, &report, err);
    sbx_json_free(doc);
    if (status)
        sbx_error_context(err, "report of the fence probe");
    else
        *ret_report = report;
    return status;
}

static enum sbx_fence_proof judge_try(
    const struct sbx_fence_tried *tried, enum must must, bool no_family)
{
    if (must == EITHER)
        return SBX_FENCE_HELD;
    if (!tried->made)
        return SBX_FENCE_CANNOT_TELL;
    if (no_family && !tried->done)
        return SBX_FENCE_HELD; /* there is no such address family here, for the caller neither */
    if (tried->done)
        return must == WORKS ? SBX_FENCE_HELD : SBX_FENCE_OPEN;
    if (must == WORKS)
        return SBX_FENCE_OPEN; /* not open, but no fence that anybody could use either */
    return tried->code == SBX_FENCE_CODE_BLOCKED ? SBX_FENCE_HELD : SBX_FENCE_CANNOT_TELL;
}

enum sbx_fence_proof sbx_fence_report_judge(const struct sbx_fence_report *report,
    enum sbx_fence_account account, bool has_v6, struct sbx_findings *findings)
{
    enum sbx_fence_proof worst = SBX_FENCE_HELD;
    const char *token = sbx_fence_token_name(report->token);
    size_t i;

    if (!report->derived) {
        if (report->token != SBX_FENCE_TOKEN_OWN && report->derive_code == 5) /* access denied */
            return SBX_FENCE_HELD;
        sbx_findings_add(findings, "FenceToken", "%s: the token could not be used: %u", token,
            (unsigned)report->derive_code);
        return SBX_FENCE_CANNOT_TELL;
    }
    for (i = 0; i < SBX_TRY_COUNT; i++) {
        enum must must =
            (enum must)(account == SBX_FENCE_FOR_OFFLINE ? rows[i].offline : rows[i].online);
        enum sbx_fence_proof proof;

        if (must == WORKS && report->token != SBX_FENCE_TOKEN_OWN)
            must = EITHER;
        proof = judge_try(&report->tries[i], must, rows[i].v6 && !has_v6);
        if (proof == SBX_FENCE_HELD)
            continue;
        sbx_findings_add(findings, "FenceTry", "%s token, %s: %s (%u)", token, rows[i].name,
            report->tries[i].done   ? "worked"
            : report->tries[i].made ? "failed"
                                    : "not tried",
            (unsigned)report->tries[i].code);
        if (worst != SBX_FENCE_OPEN)
            worst = proof;
    }
    return worst;
}

/*
 * See message.h: what the agent accepts from the runner.
 *
 * In elevated mode the sender's other half runs as the sandbox account, so:
 *   1. every key is known, every required key is there, every value is in range;
 *   2. text that reaches a terminal is made printable;
 *   3. a result that contradicts itself (confined, yet something is unproved) is refused.
 */
#include "message.h"

#include "message_read.h"
#include "utf.h"

#define FACTS_MAX 256u /* entries of unproved */

static enum sbx_status need_error(
    const struct sbx_json_at *root, struct sbx_error *ret_error, struct sbx_error *err)
{
    static const char *const keys[] = {"status", "domain", "code", "context", "hint"};
    const char *statuses[SBX_OS], *domains[SBX_DOMAIN_NTSTATUS + 1];
    struct sbx_json_at at;
    size_t i, status_index = 0, domain = 0;
    enum sbx_status status = sbx_need_object(root, "error", &at, err);

    for (i = 0; i < countof(statuses); i++) /* without OK: a failure is never OK */
        statuses[i] = sbx_status_name((enum sbx_status)(i + 1));
    for (i = 0; i < countof(domains); i++)
        domains[i] = sbx_domain_name((enum sbx_domain)i);
    if (!status)
        status = sbx_json_known_keys(&at, keys, countof(keys), err);
    if (!status)
        status = sbx_need_word(&at, "status", statuses, countof(statuses), &status_index, err);
    if (!status)
        status = sbx_need_word(&at, "domain", domains, countof(domains), &domain, err);
    if (!status)
        status = sbx_need_u32(&at, "code", &ret_error->code, err);
    if (!status)
        status =
            sbx_need_printable(&at, "context", ret_error->context, sizeof(ret_error->context), err);
    if (!status)
        status = sbx_need_printable(&at, "hint", ret_error->hint, sizeof(ret_error->hint), err);
    ret_error->status = (enum sbx_status)(status_index + 1);
    ret_error->domain = (enum sbx_domain)domain;
    return status;
}

static enum sbx_status need_times(
    const struct sbx_json_at *root, struct sbx_stage_times *times, struct sbx_error *err)
{
    const char *keys[SBX_TIME_KEYS];
    struct sbx_json_at at;
    size_t i;
    enum sbx_status status = sbx_need_object(root, "times", &at, err);

    for (i = 0; i < SBX_TIME_KEYS; i++)
        keys[i] = sbx_time_keys[i].key;
    if (!status)
        status = sbx_json_known_keys(&at, keys, SBX_TIME_KEYS, err);
    for (i = 0; !status && i < SBX_TIME_KEYS; i++) {
        uint64_t value = 0;

        status = sbx_need_number(&at, keys[i], SBX_JSON_INT_MAX, &value, err);
        memcpy((char *)times + sbx_time_keys[i].offset, &value, sizeof(value));
    }
    return status;
}

static enum sbx_status need_limits_hit(
    const struct sbx_json_at *root, struct sbx_strings *ret, struct sbx_error *err)
{
    enum sbx_status status = sbx_need_list(root, "limitsHit", SBX_LIMIT_WORDS, 32, ret, err);
    size_t i, word;

    for (i = 0; !status && i < ret->count; i++) {
        for (word = 0; word < SBX_LIMIT_WORDS; word++)
            if (!strcmp(ret->items[i], sbx_limit_words[word]))
                break;
        if (word == SBX_LIMIT_WORDS)
            status = sbx_fail(err, SBX_INVALID, "'limitsHit[%zu]' is not a known limit", i);
    }
    return status;
}

/* Facts and platform are shown to people: the list is rebuilt from printable text. */
static enum sbx_status need_facts(
    const struct sbx_json_at *root, struct sbx_reply *reply, struct sbx_error *err)
{
    char platform[128], text[SBX_ERROR_CONTEXT_MAX];
    struct sbx_strings raw = {0};
    enum sbx_status status = sbx_need_printable(root, "platform", platform, sizeof(platform), err);
    size_t i;

    if (!status)
        status = sbx_strdup(platform, &reply->platform, err);
    if (!status)
        status = sbx_need_list(root, "unproved", FACTS_MAX, sizeof(text) - 1, &raw, err);
    for (i = 0; !status && i < raw.count; i++) {
        sbx_utf_printable(raw.items[i], strlen(raw.items[i]), text, sizeof(text));
        status = sbx_strings_add(&reply->unproved, text, err);
    }
    reply->unproved.written = true;
    sbx_strings_done(&raw);
    return status;
}

static enum sbx_status check_result(
    const struct sbx_reply *reply, bool has_error, struct sbx_error *err)
{
    if (reply->confined && reply->unproved.count)
        return sbx_fail(err, SBX_INVALID, "'confined' is true although '%s' is unproved",
            reply->unproved.items[0]);
    if ((reply->ended == SBX_ENDED_FAILED) != has_error)
        return sbx_fail(err, SBX_INVALID, "'error' is %s although the command ended as '%s'",
            has_error ? "there" : "missing", sbx_ended_name(reply->ended));
    return SBX_OK;
}

static enum sbx_status read_result(
    const struct sbx_json_at *root, struct sbx_reply *reply, struct sbx_error *err)
{
    static const char *const keys[] = {"version", "kind", "ended", "exitCode", "confined",
        "platform", "unproved", "limitsHit", "peakMemoryBytes", "totalProcesses", "cpuTimeUs",
        "namedObjects", "times", "error"};
    size_t ended = 0, named = 0;
    enum sbx_status status = sbx_json_known_keys(root, keys, countof(keys), err);

    if (!status)
        status = sbx_need_word(root, "ended", sbx_ended_words, SBX_ENDED_FAILED, &ended, err);
    reply->ended = (enum sbx_ended)(ended + 1);
    if (!status)
        status = sbx_need_u32(root, "exitCode", &reply->exit_code, err);
    if (!status)
        status = sbx_need_bool(root, "confined", &reply->confined, err);
    if (!status)
        status = need_facts(root, reply, err);
    if (!status)
        status = need_limits_hit(root, &reply->limits_hit, err);
    if (!status)
        status = sbx_need_number(
            root, "peakMemoryBytes", SBX_JSON_INT_MAX, &reply->peak_memory_bytes, err);
    if (!status)
        status = sbx_need_u32(root, "totalProcesses", &reply->total_processes, err);
    if (!status)
        status = sbx_need_number(root, "cpuTimeUs", SBX_JSON_INT_MAX, &reply->cpu_time_us, err);
    if (!status)
        status = sbx_need_word(
            root, "namedObjects", sbx_named_words, countof(sbx_named_words), &named, err);
    reply->named_objects = (enum sbx_named_objects)(named + 1);
    if (!status)
        status = need_times(root, &reply->times, err);
    if (!status)
        status = check_result(reply, sbx_json_has(root, "error"), err);
    if (!status && reply->ended == SBX_ENDED_FAILED)
        status = need_error(root, &reply->error, err);
    return status;
}

static enum sbx_status read_reply(
    const struct sbx_json_at *root, struct sbx_reply *reply, struct sbx_error *err)
{
    static const char *const kinds[] = {"started", "result"};
    static const char *const started_keys[] = {"version", "kind", "processId"};
    size_t kind = 0;
    enum sbx_status status = sbx_need_version(root, err);

    if (!status)
        status = sbx_need_word(root, "kind", kinds, countof(kinds), &kind, err);
    if (status)
        return status;
    if (kind == 1) {
        reply->kind = SBX_REPLY_RESULT;
        return read_result(root, reply, err);
    }
    reply->kind = SBX_REPLY_STARTED;
    status = sbx_json_known_keys(root, started_keys, countof(started_keys), err);
    if (!status)
        status = sbx_need_u32(root, "processId", &reply->process_id, err);
    return status;
}

enum sbx_status sbx_reply_decode(
    const char *json, size_t length_bytes, struct sbx_reply *ret_reply, struct sbx_error *err)
{
    struct sbx_reply reply;
    struct sbx_json_at root;
    struct cJSON *doc = NULL;
    enum sbx_status status;

    memset(ret_reply, 0, sizeof(*ret_reply));
    memset(&reply, 0, sizeof(reply));
    status = sbx_message_open(json, length_bytes, &doc, &root, err);
    if (!status)
        status = read_reply(&root, &reply, err);
    sbx_json_free(doc);
    if (status) {
        sbx_reply_done(&reply);
        sbx_error_context(err, "reply");
        return status;
    }
    *ret_reply = reply;
    return SBX_OK;
}

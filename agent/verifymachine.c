/*
 * See verifycheck.h: what a machine's policy demands, what a reader of the Windows Event Log is
 * given, and whom a session serves. Code that refuses, shown what it must refuse: no policy and no
 * event is written, and nothing runs.
 */
#include "verifychecks.h"

#include "shared/core/eventtext.h"
#include "shared/core/pipeclient.h"
#include "shared/win/sid.h"

/* What was seen without a run. */
static void saw(
    const struct sbx_verify_check *check, bool harmless_works, bool twin_works, bool bad)
{
    struct sbx_verify_seen *seen = &check->result->seen;

    seen->inside_ran = seen->twin_ran = true;
    seen->confined = check->report->confined; /* as the runs before */
    seen->ping = harmless_works ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    seen->twin = twin_works ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    seen->inside = bad ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
}

/* --- a policy below the machine's ------------------------------------------------------------- */

static const struct {
    const char *machine, *user;
} weaker[] = {
    {"{\"audit\":{\"eventLog\":\"required\"}}", "{\"audit\":{\"eventLog\":\"on\"}}"},
    {"{\"audit\":{\"eventLog\":\"required\"}}", "{\"audit\":{\"eventLog\":\"off\"}}"},
    {"{\"audit\":{\"eventLog\":\"on\"}}", "{\"audit\":{\"eventLog\":\"off\"}}"},
    {"{\"audit\":{\"enabled\":true}}", "{\"audit\":{\"enabled\":false}}"},
    {"{\"profile\":\"read-only\"}", "{\"profile\":\"workspace-write\"}"},
    {"{\"mode\":\"elevated\"}", "{\"mode\":\"unelevated\"}"},
    {"{\"network\":{\"access\":\"none\"}}", "{\"network\":{\"access\":\"full\"}}"},
    {"{\"limits\":{\"processes\":4}}", "{\"limits\":{\"processes\":5}}"},
    {"{\"background\":false}", "{\"background\":true}"},
};

/* @param machine NULL: there is none */
static bool can_be_merged(const char *machine, const char *user)
{
    struct sbx_policy layers[2], merged;
    const struct sbx_policy *list[2] = {&layers[0], &layers[1]};
    const char *const bound = machine ? machine : "{}";
    enum sbx_status status =
        sbx_policy_parse(bound, strlen(bound), SBX_LAYER_MACHINE, "machine", &layers[0], NULL);

    if (status)
        return false;
    status = sbx_policy_parse(user, strlen(user), SBX_LAYER_USER, "user", &layers[1], NULL);
    if (!status) {
        status = sbx_policy_merge(list, 2, &merged, NULL);
        if (!status)
            sbx_policy_done(&merged);
        sbx_policy_done(&layers[1]);
    }
    sbx_policy_done(&layers[0]);
    return !status;
}

enum sbx_status sbx_verify_check_weaker_policy(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    bool same = true, alone = true, bad = false;
    size_t i;

    (void)err;
    for (i = 0; i < countof(weaker); i++) {
        same = same && can_be_merged(weaker[i].machine, weaker[i].machine);
        alone = alone && can_be_merged(NULL, weaker[i].user);
        bad = bad || can_be_merged(weaker[i].machine, weaker[i].user);
    }
    saw(check, same, alone, bad);
    return SBX_OK;
}

/* --- an argument in the event log ------------------------------------------------------------- */

enum sbx_status sbx_verify_check_event_text(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char line[] = "{\"process\":{\"args\":[\"agent-verify\",\"%1 %%2 %n%0\"]}}";
    struct sbx_buf text;
    enum sbx_status status;

    sbx_buf_init(&text, SBX_EVENT_TEXT_MAX);
    status = sbx_event_text(line, strlen(line), &text, err);
    if (!status)
        status = sbx_buf_putc(&text, '\0', err);
    if (!status) /* the twin: the record as it stands in the file */
        saw(check, strstr(text.data, "agent-verify") != NULL, strchr(line, '%') != NULL,
            strchr(text.data, '%') != NULL);
    sbx_buf_done(&text);
    return status;
}

/* --- a client of a session -------------------------------------------------------------------- */

static bool is_served(const struct sbx_sid *server, const struct sbx_sid *user, bool is_restricted)
{
    struct sbx_pipeclient client = {.pid = GetCurrentProcessId(), .is_restricted = is_restricted};

    client.user = *user;
    return !sbx_pipeclient_check(server, &client, NULL);
}

/* Row S18 has a real client of this user's; nobody has a second user's to send. */
enum sbx_status sbx_verify_check_other_client(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char *const others[] = {
        "S-1-5-18", "S-1-5-32-544", "S-1-1-0", "S-1-5-21-1-2-3-1001"};
    struct sbx_sid own, other;
    bool bad;
    size_t i;
    enum sbx_status status = sbx_sid_of_current_user(&own, err);

    if (status)
        return status;
    bad = is_served(&own, &own, true);
    for (i = 0; !status && i < countof(others); i++) {
        status = sbx_sid_parse(others[i], &other, err);
        if (!status && !sbx_sid_equal(&own, &other))
            bad = bad || is_served(&own, &other, false) || is_served(&own, &other, true);
    }
    if (!status)
        saw(check, is_served(&own, &own, false), is_served(&own, &own, false), bad);
    return status;
}

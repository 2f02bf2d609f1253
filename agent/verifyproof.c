/*
 * See verifycheck.h: does the code that refuses still refuse? What proves a child before it runs
 * finds nothing on a machine where all is well, so it is shown tokens that are not as planned. The
 * code is the same that command-runner.exe is made of; no command runs here.
 */
#include "verifychecks.h"

#include "shared/core/message.h"
#include "shared/win/handle.h"
#include "shared/win/token.h"
#include "shared/win/tokenproof.h"

/* SIDs of the form of ours that no machine has. */
#define RUN "S-1-5-21-7-8-9-2147483658"
#define CAPABILITY "S-1-5-21-10-11-12-2147483661"
/* A group and an account that the caller is hardly both. */
#define GROUP "S-1-5-32-573"
#define ACCOUNT "S-1-5-21-1-2-3-1001"
#define HIGH "S-1-16-12288"

/* The caller's own token as the base of a plan. */
struct base {
    HANDLE token; /* owned */
    struct sbx_groups groups;
    struct sbx_sid capability;
    struct sbx_tokenplan_input input;
};

static enum sbx_status open_base(struct base *base, struct sbx_error *err)
{
    enum sbx_status status = sbx_token_open_self(
        TOKEN_DUPLICATE | TOKEN_QUERY | TOKEN_ASSIGN_PRIMARY | TOKEN_ADJUST_DEFAULT, &base->token,
        err);

    base->input.recipe = SBX_TOKEN_ISOLATED;
    if (!status)
        status = sbx_token_describe_base(base->token, &base->input, &base->groups, err);
    if (!status)
        status = sbx_sid_parse(RUN, &base->input.run_sid, err);
    if (!status)
        status = sbx_sid_parse(CAPABILITY, &base->capability, err);
    base->input.capability_sids = &base->capability;
    base->input.capability_count = 1;
    return status;
}

static void close_base(struct base *base)
{
    sbx_groups_done(&base->groups);
    sbx_handle_close(&base->token);
}

/* What was seen without a run. */
static void saw(const struct sbx_verify_check *check, bool right_one_passes, bool wrong_one_passes)
{
    struct sbx_verify_seen *seen = &check->result->seen;

    seen->inside_ran = seen->twin_ran = true;
    seen->confined = check->report->confined; /* as the runs before */
    seen->ping = seen->twin = right_one_passes ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    seen->inside = wrong_one_passes ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_DENIED;
}

/* --- the plan of a token ---------------------------------------------------------------------- */

static bool can_be_planned(const struct sbx_tokenplan_input *input)
{
    struct sbx_tokenplan plan = {0};
    enum sbx_status status = sbx_tokenplan_make(input, &plan, NULL);

    sbx_tokenplan_done(&plan);
    return !status;
}

enum sbx_status sbx_verify_check_token_plan(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char *const strangers[] = {GROUP, ACCOUNT, "S-1-1-0", "S-1-5-11"};
    struct base base = {0};
    bool right, wrong = false;
    size_t i;
    enum sbx_status status = open_base(&base, err);

    if (!status) {
        right = can_be_planned(&base.input);
        for (i = 0; !status && i < countof(strangers); i++) {
            struct sbx_tokenplan_input input = base.input;
            struct sbx_sid stranger;

            status = sbx_sid_parse(strangers[i], &stranger, err);
            input.capability_sids = &stranger;
            wrong = wrong || (!status && can_be_planned(&input));
        }
        base.input.base_is_restricted = true;
        wrong = wrong || can_be_planned(&base.input);
        if (!status)
            saw(check, right, wrong);
    }
    close_base(&base);
    return status;
}

/* --- the proof of a token --------------------------------------------------------------------- */

static void set_sid(struct sbx_sid *sid, const char *text)
{
    if (sbx_sid_parse(text, sid, NULL))
        memset(sid, 0, sizeof(*sid)); /* nobody's either */
}

/* One fact as it must not be. @return false when there is nothing to change */
static bool spoil(struct sbx_token_facts *facts, enum sbx_token_fact fact)
{
    switch (fact) {
    case SBX_FACT_TYPE:
        facts->primary = false;
        return true;
    case SBX_FACT_USER:
        set_sid(&facts->user_sid, ACCOUNT);
        return true;
    case SBX_FACT_RESTRICTED:
        facts->restricted = false;
        return true;
    case SBX_FACT_HAS_RESTRICTIONS:
        facts->has_restrictions = false;
        return true;
    case SBX_FACT_RESTRICTING_SIDS:
        if (facts->restricting.count)
            set_sid(&facts->restricting.items[0].sid, GROUP);
        return facts->restricting.count > 0;
    case SBX_FACT_FLAGS:
        facts->flags = 0;
        return true;
    case SBX_FACT_ACCESS_CHECK:
        facts->write_without_restricting = true;
        return true;
    case SBX_FACT_PRIVILEGES:
        if (facts->privileges.count == SBX_PRIVILEGES_MAX)
            return false;
        facts->privileges.items[facts->privileges.count++] =
            (struct sbx_privilege){"SeDebugPrivilege", 2};
        return true;
    case SBX_FACT_GROUPS:
        if (facts->groups.count)
            set_sid(&facts->groups.items[0].sid, GROUP);
        return facts->groups.count > 0;
    case SBX_FACT_INTEGRITY:
        set_sid(&facts->integrity_sid, HIGH);
        return true;
    case SBX_FACT_DEFAULT_DACL:
        if (facts->default_dacl.count)
            facts->default_dacl.aces[0].mask ^= 1u;
        return facts->default_dacl.count > 0;
    default:
        return false;
    }
}

/* Of a token that is as planned, with one fact changed or not read. @return SBX_OK: looked at */
static enum sbx_status passes(HANDLE token, const struct sbx_tokenplan *plan,
    enum sbx_token_fact fact, bool unread, bool *ret_passes, struct sbx_error *err)
{
    struct sbx_token_facts facts = {0};
    enum sbx_status status = sbx_tokenproof_read(token, plan, &facts, err);

    if (!status && fact < SBX_FACT_COUNT && unread)
        facts.status[fact].state = SBX_FACT_NOT_READ;
    else if (!status && fact < SBX_FACT_COUNT && !spoil(&facts, fact))
        status = sbx_fail(
            err, SBX_UNSUPPORTED, "%s of this token cannot be changed", sbx_token_fact_name(fact));
    if (!status)
        *ret_passes = !sbx_tokenplan_check(plan, &facts, NULL, NULL);
    sbx_token_facts_done(&facts);
    return status;
}

/* Every fact, changed and unread; and a process of the user's, which was never restricted. */
static enum sbx_status try_proof(const struct sbx_verify_check *check, HANDLE token,
    const struct sbx_tokenplan *plan, struct sbx_error *err)
{
    bool right = false, wrong = false, one = false;
    enum sbx_status status = passes(token, plan, SBX_FACT_COUNT, false, &right, err);
    size_t i;

    for (i = 0; !status && i < 2 * (size_t)SBX_FACT_COUNT; i++) {
        status = passes(token, plan, (enum sbx_token_fact)(i / 2), i % 2, &one, err);
        wrong = wrong || (!status && one);
    }
    if (!status)
        wrong =
            wrong || !sbx_tokenproof_child(check->run->targets.victim.process, plan, NULL, NULL);
    if (!status)
        saw(check, right, wrong);
    return status;
}

enum sbx_status sbx_verify_check_token_proof(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_tokenplan plan = {0};
    struct base base = {0};
    HANDLE token = NULL;
    enum sbx_status status = open_base(&base, err);

    if (!status)
        status = sbx_tokenplan_make(&base.input, &plan, err);
    if (!status)
        status = sbx_token_restrict(base.token, &plan, &token, err);
    if (!status)
        status = try_proof(check, token, &plan, err);
    sbx_handle_close(&token);
    sbx_tokenplan_done(&plan);
    close_base(&base);
    return status;
}

/* --- messages --------------------------------------------------------------------------------- */

#define REQUEST                                                                                    \
    "\"version\":1,\"image\":\"C:\\\\a.exe\",\"argv\":[\"a\"],\"cwd\":\"C:\\\\\","                 \
    "\"environment\":{\"A\":\"b\"},\"stage\":\"launch\",\"mode\":\"unelevated\","                  \
    "\"recipe\":\"standard\",\"userSid\":\"" ACCOUNT "\",\"runSid\":\"" RUN                        \
    "\",\"capabilitySids\":[],\"limits\":{\"ui\":\"enforce\"},\"background\":false,"               \
    "\"desktop\":\"private\",\"wineUnconfined\":false,\"stdin\":0,\"stdout\":4,\"stderr\":8}"

static bool is_understood(const char *json)
{
    struct sbx_request request = {0};
    enum sbx_status status = sbx_request_decode(json, strlen(json), &request, NULL);

    sbx_request_done(&request);
    return !status;
}

/* A member that one side takes for granted and the other does not know. */
enum sbx_status sbx_verify_check_message(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    (void)err;
    saw(check, is_understood("{" REQUEST),
        is_understood("{\"agentVerify\":1," REQUEST) ||
            is_understood("{\"limits\":{\"agentVerify\":1}," REQUEST));
    return SBX_OK;
}

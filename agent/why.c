/* `agent why`: see verbs.h and shared/core/whyanswer.h. */
#include "verbs.h"
#include "whyread.h"

#include "shared/win/sid.h"

#define WHY_MAX_BYTES (1024u * 1024u)

/* A name is worth having and not needed: capability SIDs have none. */
static char *account_of(const struct sbx_why_verdict *verdict)
{
    char *name = NULL;

    if (!verdict->has_ace || sbx_capsid_is_ours(&verdict->step.sid) ||
        sbx_sid_to_account(&verdict->step.sid, &name, NULL))
        return NULL;
    return name;
}

static enum sbx_status print_answer(const struct sbx_cli *cli, const struct sbx_say *say,
    const struct sbx_why_question *question, const struct sbx_why_answer *answer,
    struct sbx_error *err)
{
    char *names[2] = {account_of(&answer->now), account_of(&answer->planned)};
    const char *const account[2] = {names[0], names[1]};
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, WHY_MAX_BYTES);
    status = cli->json ? sbx_why_json(question, answer, account, &text, err)
                       : sbx_why_text(question, answer, account, &text, err);
    if (!status && !sbx_verbs_show(cli, say, &text))
        status = sbx_fail(err, SBX_OS, "standard output cannot be written");
    sbx_buf_done(&text);
    free(names[0]);
    free(names[1]);
    return status;
}

int sbx_why_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_prepared prepared = {0};
    struct sbx_planned_token token = {0};
    struct sbx_why_place place = {0};
    struct sbx_why_answer answer;
    enum sbx_status status;
    struct sbx_error err;

    sbx_error_init(&err);
    memset(&answer, 0, sizeof(answer));
    status = sbx_verbs_prepare(cli, &prepared, &err);
    if (!status)
        status = sbx_verbs_token(&prepared.plan, &token, &err);
    if (!status)
        status = sbx_why_read(prepared.facts.cwd, cli->operands.items[0], cli->op, &prepared.plan,
            prepared.facts.state_directory, &place, &err);
    if (!status) {
        place.question.token = &token.why.token;
        place.question.creator = &token.creator;
        status = sbx_why_ask(&place.question, &answer, &err);
    }
    if (!status)
        status = print_answer(cli, say, &place.question, &answer, &err);
    sbx_why_place_done(&place);
    sbx_verbs_token_done(&token);
    sbx_verbs_prepared_done(&prepared);
    if (status)
        return sbx_verbs_failed(say, &err);
    return answer.planned.granted ? 0 : SBX_EXIT_REFUSED;
}

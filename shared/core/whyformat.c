/* The answer of `agent why` in words and as JSON. See whyanswer.h. */
#include "whyanswer.h"

static const struct {
    const struct sbx_sid *sid;
    const char *name;
} known_sids[] = {
    {&sbx_sid_everyone, "Everyone"},
    {&sbx_sid_creator_owner, "CREATOR OWNER"},
    {&sbx_sid_creator_group, "CREATOR GROUP"},
    {&sbx_sid_owner_rights, "OWNER RIGHTS"},
    {&sbx_sid_interactive, "INTERACTIVE"},
    {&sbx_sid_authenticated, "Authenticated Users"},
    {&sbx_sid_restricted, "RESTRICTED"},
    {&sbx_sid_write_restricted, "WRITE RESTRICTED"},
    {&sbx_sid_system, "SYSTEM"},
    {&sbx_sid_local_service, "LOCAL SERVICE"},
    {&sbx_sid_network_service, "NETWORK SERVICE"},
    {&sbx_sid_administrators, "Administrators"},
    {&sbx_sid_users, "Users"},
    {&sbx_sid_trusted_installer, "TrustedInstaller"},
};

/* Words that plan_aces.c and plan_objects.c give their entries. */
static const struct {
    const char *why;
    const char *text;
} rules[] = {
    {"root", "a writable root (profile, filesystem.allowWrite)"},
    {"root-children", "inside a writable root (profile, filesystem.allowWrite)"},
    {"root-delete-child", "nothing gives the right to delete every child of a root"},
    {"caller-manages", "the user keeps full control of what commands make in a root"},
    {"owner-rights", "owning a file gives no right to change its access list"},
    {"caller-delete-child",
        "an unelevated command has its user's right to delete in a directory; the user deletes by "
        "the right on the file itself"},
    {"nested-root", "another writable root, which stays where it is"},
    {"above-nested-root", "on the way to another writable root, which stays where it is"},
    {"above-denied", "on the way to something denied, which stays where it is"},
    {"read-root", "a readable root"},
    {"protected", "a protected name (protect)"},
    {"deny-write", "denied by filesystem.denyWrite"},
    {"git-inner", "a part of git that runs programs (git: \"write\")"},
    {"git-write", "the .git directory stays in its place (git: \"write\")"},
    {"gitdir-target", "the repository that a .git file names"},
    {"commondir-target", "the repository that a worktree belongs to"},
    {"deny-read", "denied by filesystem.denyRead"},
    {"allow-read", "allowed by filesystem.allowRead"},
};

const char *sbx_why_rule(const char *why)
{
    size_t i;

    for (i = 0; i < countof(rules); i++)
        if (strcmp(rules[i].why, why) == 0)
            return rules[i].text;
    return why;
}

static const struct sbx_plan_root *root_of(const struct sbx_plan *plan, const char *sid)
{
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (plan->roots[i].capability_sid && strcmp(plan->roots[i].capability_sid, sid) == 0)
            return &plan->roots[i];
    return NULL;
}

enum sbx_status sbx_why_sid(const struct sbx_sid *sid, const struct sbx_plan *plan,
    const char *account, struct sbx_buf *ret_text, struct sbx_error *err)
{
    const struct sbx_plan_root *root = NULL;
    char text[SBX_SID_TEXT_SIZE];
    size_t i;

    sbx_sid_format(sid, text);
    root = root_of(plan, text);
    if (root)
        return sbx_buf_printf(ret_text, err, "capability of root '%s'", root->path);
    if (plan->run_sid && strcmp(plan->run_sid, text) == 0)
        return sbx_buf_puts(ret_text, "run SID", err);
    if (plan->logon_sid && strcmp(plan->logon_sid, text) == 0)
        return sbx_buf_puts(ret_text, "logon SID", err);
    if (plan->user_sid && strcmp(plan->user_sid, text) == 0)
        return account ? sbx_buf_printf(ret_text, err, "the user of the command, %s", account)
                       : sbx_buf_puts(ret_text, "the user of the command", err);
    for (i = 0; i < countof(known_sids); i++)
        if (sbx_sid_equal(known_sids[i].sid, sid))
            return sbx_buf_puts(ret_text, known_sids[i].name, err);
    if (sbx_capsid_is_ours(sid))
        return sbx_buf_puts(ret_text, "capability of a root that this command does not have", err);
    return sbx_buf_puts(ret_text, account ? account : "", err);
}

/* --- text ------------------------------------------------------------------------------------- */

static enum sbx_status entry_text(const struct sbx_why_verdict *verdict,
    const struct sbx_plan *plan, const char *account, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_access_step *step = &verdict->step;
    char sid[SBX_SID_TEXT_SIZE];
    enum sbx_status status;
    struct sbx_buf role;

    sbx_sid_format(&step->sid, sid);
    sbx_buf_init(&role, 70000);
    status = sbx_why_sid(&step->sid, plan, account, &role, err);
    if (!status)
        status = sbx_buf_printf(text, err, "%s entry %zu%s, mask 0x%08X, of %s%s%s%s",
            verdict->ace_type == SBX_ACE_DENY ? "deny" : "allow", step->ace_index,
            verdict->ace_flags & SBX_ACE_INHERITED ? " (inherited)" : "",
            (unsigned)verdict->ace_mask, sid, role.length_bytes ? " (" : "",
            role.length_bytes ? role.data : "", role.length_bytes ? ")" : "");
    sbx_buf_done(&role);
    return status;
}

enum sbx_status sbx_why_verdict_text(const struct sbx_why_verdict *verdict,
    const struct sbx_plan *plan, const char *parent_path, const char *account, struct sbx_buf *text,
    struct sbx_error *err)
{
    const struct sbx_access_step *step = &verdict->step;
    enum sbx_status status = SBX_OK;

    if (verdict->has_ace)
        status = entry_text(verdict, plan, account, text, err);
    else if (step->reason == SBX_REASON_NO_DACL || step->reason == SBX_REASON_PARENT)
        status = sbx_buf_puts(text, "no access list: everyone may do everything", err);
    else if (step->reason == SBX_REASON_OWNER)
        status = sbx_buf_puts(text, "the rights that an owner has", err);
    else
        status = sbx_buf_printf(text, err, "no entry gives 0x%08X", (unsigned)step->mask);
    if (!status)
        status = sbx_buf_printf(text, err, ", in %s", sbx_access_pass_name(verdict->pass));
    if (!status && verdict->on_parent && parent_path)
        status = sbx_buf_printf(text, err, ", on the directory '%s'", parent_path);
    return status;
}

static enum sbx_status because_text(const struct sbx_why_question *question,
    const struct sbx_why_answer *answer, struct sbx_buf *text, struct sbx_error *err)
{
    const struct sbx_plan_ace *rule = answer->rule;

    if (rule)
        return sbx_buf_printf(
            text, err, "  policy: '%s': %s\n", rule->path, sbx_why_rule(rule->why));
    if (answer->planned.granted || question->op == SBX_WHY_READ)
        return SBX_OK;
    if (answer->root && !answer->root->writable)
        return sbx_buf_printf(
            text, err, "  policy: '%s' is not writable (profile)\n", answer->root->path);
    if (answer->outside)
        return sbx_buf_puts(text, "  policy: in no writable root (filesystem.allowWrite)\n", err);
    return SBX_OK;
}

/* --- what has to be said besides -------------------------------------------------------------- */

#define NOTES_MAX 8u

/* Static texts, in the order in which they are said. */
static size_t collect_notes(const struct sbx_why_question *question,
    const struct sbx_why_answer *answer, const char *notes[NOTES_MAX])
{
    size_t n = 0;

    if (!answer->exists)
        notes[n++] = "it does not exist: answered for a file that the command makes there";
    if (answer->will_change)
        notes[n++] = answer->planned.granted
                         ? "not granted yet: the first run under this policy adds the entry"
                         : "not denied yet: the first run under this policy adds the entry";
    if (answer->moved_in)
        notes[n++] = "moved in: it kept the access list of where it came from, and no run changes "
                     "that; revoke the root (agent revoke) and run a command to grant it again";
    if (answer->left_over)
        notes[n++] = "outside of every writable root, and still carries the entry of one: it was "
                     "moved out of it, or the root is no longer in the policy";
    if (answer->residual_delete)
        notes[n++] =
            "residual: the user's own right FILE_DELETE_CHILD on the directory decides, and a "
            "write-restricted token is not asked for that right in pass 2";
    if (answer->protected_name)
        notes[n++] = "a protected name: it can be made, and is dealt with when the command ends "
                     "(onCreatedProtected)";
    if (question->object.links > 1 && !question->object.is_directory)
        notes[n++] = "a file with several names: no run writes to its access list";
    if (question->object.read_only && question->op != SBX_WHY_READ)
        notes[n++] = "it has the read-only attribute: it cannot be written or deleted before that "
                     "is taken off, which the access list also decides";
    return n;
}

enum sbx_status sbx_why_text(const struct sbx_why_question *question,
    const struct sbx_why_answer *answer, const char *const account[2], struct sbx_buf *ret_text,
    struct sbx_error *err)
{
    struct sbx_buf *text = ret_text;
    const char *notes[NOTES_MAX];
    size_t i, count = collect_notes(question, answer, notes);
    enum sbx_status status;

    status = sbx_buf_printf(text, err,
        "%s: %s '%s' (0x%08X)\n  decided by: ", answer->planned.granted ? "ALLOWED" : "DENIED",
        sbx_why_op_name(question->op), question->object.path, (unsigned)answer->desired);
    if (!status)
        status = sbx_why_verdict_text(
            &answer->planned, question->plan, question->parent.path, account[1], text, err);
    if (!status)
        status = sbx_buf_putc(text, '\n', err);
    if (!status)
        status = because_text(question, answer, text, err);
    if (!status && answer->will_change) {
        status = sbx_buf_printf(
            text, err, "  as it is now: %s by ", answer->now.granted ? "allowed" : "denied");
        if (!status)
            status = sbx_why_verdict_text(
                &answer->now, question->plan, question->parent.path, account[0], text, err);
        if (!status)
            status = sbx_buf_putc(text, '\n', err);
    }
    for (i = 0; !status && i < count; i++)
        status = sbx_buf_printf(text, err, "  note: %s\n", notes[i]);
    return status;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static const char *reason_word(enum sbx_access_reason reason)
{
    switch (reason) {
    case SBX_REASON_ACE:
        return "ace";
    case SBX_REASON_NO_ACE:
        return "no-ace";
    case SBX_REASON_OWNER:
        return "owner";
    case SBX_REASON_NO_DACL:
        return "no-dacl";
    case SBX_REASON_PRIVILEGE:
        return "privilege";
    case SBX_REASON_NOT_HELD:
        return "privilege-not-held";
    case SBX_REASON_PARENT:
        return "parent";
    }
    return "unknown";
}

static void json_mask(struct sbx_json_writer *w, const char *key, uint32_t mask)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[11] = "0x00000000";
    size_t i;

    for (i = 0; i < 8; i++)
        text[2 + i] = digits[(mask >> (28u - 4u * i)) & 15u];
    sbx_json_key_string(w, key, text);
}

enum sbx_status sbx_why_verdict_json(const struct sbx_why_verdict *verdict,
    const struct sbx_plan *plan, const char *path, const char *key, const char *account,
    struct sbx_json_writer *w, struct sbx_error *err)
{
    char sid[SBX_SID_TEXT_SIZE];
    enum sbx_status status;
    struct sbx_buf role;

    sbx_sid_format(&verdict->step.sid, sid);
    sbx_buf_init(&role, 70000);
    status = sbx_why_sid(&verdict->step.sid, plan, account, &role, err);
    sbx_json_key_object(w, key);
    sbx_json_key_bool(w, "allowed", verdict->granted);
    sbx_json_key_string(w, "reason", reason_word(verdict->step.reason));
    sbx_json_key_uint64(w, "pass", (uint64_t)verdict->pass);
    sbx_json_key_string(w, "object", path);
    json_mask(w, "bits", verdict->step.mask);
    if (verdict->has_ace) {
        sbx_json_key_object(w, "ace");
        sbx_json_key_uint64(w, "index", verdict->step.ace_index);
        sbx_json_key_string(w, "type", verdict->ace_type == SBX_ACE_DENY ? "deny" : "allow");
        json_mask(w, "mask", verdict->ace_mask);
        sbx_json_key_bool(w, "inherited", (verdict->ace_flags & SBX_ACE_INHERITED) != 0);
        sbx_json_key_string(w, "sid", sid);
        sbx_json_key_string(w, "sidIs", role.length_bytes ? role.data : "");
        sbx_json_end_object(w);
    }
    sbx_json_end_object(w);
    sbx_buf_done(&role);
    return status;
}

static const char *verdict_path(
    const struct sbx_why_question *question, const struct sbx_why_verdict *verdict)
{
    return verdict->on_parent ? question->parent.path : question->object.path;
}

enum sbx_status sbx_why_json(const struct sbx_why_question *question,
    const struct sbx_why_answer *answer, const char *const account[2], struct sbx_buf *ret_json,
    struct sbx_error *err)
{
    const char *notes[NOTES_MAX];
    size_t count = collect_notes(question, answer, notes);
    enum sbx_status status;
    struct sbx_json_writer w;

    sbx_json_writer_begin(&w, ret_json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_string(&w, "path", question->object.path);
    sbx_json_key_string(&w, "op", sbx_why_op_name(question->op));
    sbx_json_key_bool(&w, "exists", answer->exists);
    json_mask(&w, "desired", answer->desired);
    sbx_json_key_bool(&w, "allowed", answer->planned.granted);
    status = sbx_why_verdict_json(&answer->planned, question->plan,
        verdict_path(question, &answer->planned), "decidedBy", account[1], &w, err);
    if (!status)
        status = sbx_why_verdict_json(&answer->now, question->plan,
            verdict_path(question, &answer->now), "now", account[0], &w, err);
    sbx_json_key_string(&w, "root", answer->root ? answer->root->path : NULL);
    if (answer->rule) {
        sbx_json_key_object(&w, "rule");
        sbx_json_key_string(&w, "path", answer->rule->path);
        sbx_json_key_string(&w, "why", answer->rule->why);
        sbx_json_key_string(&w, "text", sbx_why_rule(answer->rule->why));
        sbx_json_end_object(&w);
    } else {
        sbx_json_key_null(&w, "rule");
    }
    sbx_json_key_bool(&w, "notGrantedYet", answer->will_change);
    sbx_json_key_bool(&w, "movedIn", answer->moved_in);
    sbx_json_key_bool(&w, "leftOver", answer->left_over);
    sbx_json_key_bool(&w, "residualDelete", answer->residual_delete);
    sbx_json_key_bool(&w, "protectedName", answer->protected_name);
    sbx_json_key_strings(&w, "notes", notes, count);
    sbx_json_end_object(&w);
    if (!status)
        status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(ret_json, '\n', err);
}

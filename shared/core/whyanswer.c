/* The question of `agent why`, asked of the access check. See whyanswer.h. */
#include "whyanswer.h"

#include "utf.h"
#include "winpath.h"

const char *sbx_why_op_name(enum sbx_why_op op)
{
    switch (op) {
    case SBX_WHY_READ:
        return "read";
    case SBX_WHY_WRITE:
        return "write";
    case SBX_WHY_DELETE:
        return "delete";
    }
    return "unknown";
}

uint32_t sbx_why_desired(enum sbx_why_op op, bool is_directory)
{
    switch (op) {
    case SBX_WHY_READ:
        return SBX_FILE_GENERIC_READ;
    case SBX_WHY_WRITE: /* FILE_ADD_FILE and FILE_ADD_SUBDIRECTORY on a directory */
        return is_directory ? SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA : SBX_FILE_GENERIC_WRITE;
    case SBX_WHY_DELETE:
        return SBX_DELETE;
    }
    return 0;
}

/* --- one question of the access check --------------------------------------------------------- */

static void note_ace(const struct sbx_descriptor *descriptor, struct sbx_why_verdict *verdict)
{
    const struct sbx_access_step *step = &verdict->step;
    const struct sbx_ace *ace = NULL;

    if (step->reason != SBX_REASON_ACE && step->reason != SBX_REASON_PARENT)
        return;
    if (!descriptor || descriptor->dacl.kind != SBX_ACL_LIST ||
        step->ace_index >= descriptor->dacl.count || !sbx_sid_is_set(&step->sid))
        return;
    ace = &descriptor->dacl.aces[step->ace_index];
    verdict->has_ace = true;
    verdict->ace_type = ace->type;
    verdict->ace_flags = ace->flags;
    verdict->ace_mask = ace->mask;
}

/*
 * A right that the directory gives is told without its pass, and a directory without a DACL
 * without an entry: ask the directory itself.
 */
static void note_parent(const struct sbx_access_token *token, unsigned readings,
    const struct sbx_descriptor *parent, struct sbx_why_verdict *verdict)
{
    const struct sbx_access_request request = {
        verdict->step.mask == SBX_DELETE ? SBX_FILE_DELETE_CHILD : SBX_FILE_READ_DATA, NULL, false,
        NULL, readings};
    const struct sbx_access_step *step = NULL;
    struct sbx_access_result result;

    verdict->on_parent = true;
    sbx_access_check(parent, token, &request, &result);
    step = sbx_access_deciding(&result);
    if (step)
        verdict->pass = step->pass;
    if (step && step->reason == SBX_REASON_ACE)
        note_ace(parent, verdict);
}

static void judge_as(const struct sbx_access_token *token, unsigned readings,
    const struct sbx_descriptor *object, const struct sbx_descriptor *parent, uint32_t desired,
    struct sbx_why_verdict *ret_verdict)
{
    const struct sbx_access_request request = {desired, NULL, false, parent, readings};
    const struct sbx_access_step *step = NULL;
    struct sbx_access_result result;

    memset(ret_verdict, 0, sizeof(*ret_verdict));
    sbx_access_check(object, token, &request, &result);
    ret_verdict->granted = result.granted;
    step = sbx_access_deciding(&result);
    if (!step)
        return;
    ret_verdict->step = *step;
    ret_verdict->pass = step->pass;
    if (step->reason == SBX_REASON_PARENT)
        note_parent(token, readings, parent, ret_verdict);
    else
        note_ace(object, ret_verdict);
}

static void judge(const struct sbx_why_question *question, const struct sbx_descriptor *object,
    const struct sbx_descriptor *parent, uint32_t desired, struct sbx_why_verdict *ret_verdict)
{
    judge_as(question->token, question->readings, object, parent, desired, ret_verdict);
}

/*
 * A file that is not there: making it is up to the directory, and what may be done with it then is
 * up to what it inherits. Whoever makes a file gets the rights he asked for with it.
 */
static enum sbx_status judge_missing(const struct sbx_why_question *question,
    const struct sbx_descriptor *parent, struct sbx_why_verdict *ret_verdict, struct sbx_error *err)
{
    struct sbx_descriptor made = {0};
    struct sbx_why_verdict then;
    enum sbx_status status;

    judge(question, parent, NULL, SBX_FILE_WRITE_DATA, ret_verdict);
    ret_verdict->on_parent = true;
    if (!ret_verdict->granted || question->op == SBX_WHY_WRITE)
        return SBX_OK;
    status = sbx_inherit_create(parent, NULL, false, question->creator, &made, err);
    if (status)
        return status;
    judge(question, &made, parent, sbx_why_desired(question->op, false), &then);
    *ret_verdict = then;
    sbx_descriptor_done(&made);
    return SBX_OK;
}

/* --- holes ------------------------------------------------------------------------------------ */

/* On a directory the first two are FILE_ADD_FILE and FILE_ADD_SUBDIRECTORY. */
#define HOLE_RIGHTS                                                                                \
    (SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA | SBX_DELETE | SBX_WRITE_DAC | SBX_WRITE_OWNER)

static uint32_t rights_of(const struct sbx_descriptor *descriptor,
    const struct sbx_access_token *token, unsigned readings)
{
    const struct sbx_access_request request = {SBX_MAXIMUM_ALLOWED, NULL, false, NULL, readings};
    struct sbx_access_result result;

    sbx_access_check(descriptor, token, &request, &result);
    return result.granted_mask;
}

/* Everything that files get is inherited; was the entry explicit on the directory itself? */
static bool is_explicit(const struct sbx_acl *directory, const struct sbx_why_verdict *verdict)
{
    size_t i;

    for (i = 0; i < directory->count; i++) {
        const struct sbx_ace *ace = &directory->aces[i];

        if ((ace->flags & SBX_ACE_OI) && !(ace->flags & SBX_ACE_INHERITED) &&
            ace->type == verdict->ace_type && sbx_sid_equal(&ace->sid, &verdict->step.sid))
            return true;
    }
    return false;
}

/* What files in a directory have from it, old ones and new ones. */
static bool find_in_files(const struct sbx_descriptor *directory,
    const struct sbx_access_token *token, unsigned readings, struct sbx_why_hole *hole)
{
    struct sbx_descriptor file = {0};
    uint32_t rights = 0;

    /* Fails only without memory; the directory itself was judged. */
    if (sbx_acl_inherit(&directory->dacl, false, NULL, NULL, &file.dacl, NULL))
        return false;
    if (file.dacl.kind == SBX_ACL_LIST && file.dacl.count)
        rights = rights_of(&file, token, readings) & HOLE_RIGHTS;
    if (rights) {
        hole->rights = rights;
        hole->files_in_it = true;
        judge_as(token, readings, &file, NULL, rights & (~rights + 1u), &hole->verdict);
        if (is_explicit(&directory->dacl, &hole->verdict))
            hole->verdict.ace_flags &= (uint8_t)~SBX_ACE_INHERITED;
    }
    sbx_descriptor_done(&file);
    return rights != 0;
}

bool sbx_why_find_hole(const struct sbx_descriptor *descriptor, bool is_directory,
    const struct sbx_access_token *token, unsigned readings, struct sbx_why_hole *ret_hole)
{
    uint32_t all = rights_of(descriptor, token, readings);
    uint32_t rights = all & HOLE_RIGHTS;

    memset(ret_hole, 0, sizeof(*ret_hole));
    ret_hole->delete_child = is_directory && (all & SBX_FILE_DELETE_CHILD) != 0;
    if (!rights)
        return is_directory && find_in_files(descriptor, token, readings, ret_hole);
    ret_hole->rights = rights;
    judge_as(token, readings, descriptor, NULL, rights & (~rights + 1u), &ret_hole->verdict);
    return true;
}

/* --- now and planned -------------------------------------------------------------------------- */

/* How the descriptors are taken. */
enum view { VIEW_NOW, VIEW_PLANNED, VIEW_WHOLE };

static enum sbx_status view_of(const struct sbx_why_question *question,
    const struct sbx_why_object *object, enum view view, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err)
{
    if (!object->descriptor)
        return SBX_OK;
    if (view == VIEW_NOW)
        return sbx_descriptor_copy(object->descriptor, ret_descriptor, err);
    return sbx_why_planned(question, object, view == VIEW_WHOLE, ret_descriptor, err);
}

static enum sbx_status ask(const struct sbx_why_question *question, enum view view,
    struct sbx_why_verdict *ret_verdict, struct sbx_error *err)
{
    struct sbx_descriptor object = {0}, parent = {0};
    enum sbx_status status;

    status = view_of(question, &question->object, view, &object, err);
    if (!status)
        status = view_of(question, &question->parent, view, &parent, err);
    if (!status && question->object.descriptor)
        judge(question, &object, question->parent.descriptor ? &parent : NULL,
            sbx_why_desired(question->op, question->object.is_directory), ret_verdict);
    else if (!status)
        status = judge_missing(question, &parent, ret_verdict, err);
    sbx_descriptor_done(&object);
    sbx_descriptor_done(&parent);
    return status;
}

/* --- what the verdict rests on ---------------------------------------------------------------- */

static const struct sbx_plan_root *innermost_root(const struct sbx_plan *plan, const char *path)
{
    const struct sbx_plan_root *best = NULL;
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (sbx_winpath_is_inside(plan->roots[i].path, path) &&
            (!best || strlen(plan->roots[i].path) > strlen(best->path)))
            best = &plan->roots[i];
    return best;
}

static bool is_writable(const struct sbx_plan *plan, const char *path)
{
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (plan->roots[i].writable && sbx_winpath_is_inside(plan->roots[i].path, path))
            return true;
    return false;
}

/* Would this planned entry be seen in the list of an object at this path? */
static bool reaches(const struct sbx_plan_ace *ace, const char *path, bool is_directory)
{
    if (sbx_winpath_equal(ace->path, path))
        return !(ace->flags & SBX_ACE_IO);
    return sbx_winpath_is_inside(ace->path, path) &&
           (ace->flags & (is_directory ? SBX_ACE_CI : SBX_ACE_OI)) != 0;
}

static const struct sbx_plan_ace *find_rule(
    const struct sbx_why_question *question, const struct sbx_why_verdict *verdict)
{
    const struct sbx_why_object *at = verdict->on_parent ? &question->parent : &question->object;
    const struct sbx_plan *plan = question->plan;
    const struct sbx_plan_ace *best = NULL;
    char sid[SBX_SID_TEXT_SIZE];
    size_t i;

    if (!verdict->has_ace || !at->path)
        return NULL;
    sbx_sid_format(&verdict->step.sid, sid);
    for (i = 0; i < plan->ace_count; i++) {
        const struct sbx_plan_ace *ace = &plan->aces[i];

        if (ace->type == verdict->ace_type && ace->mask == verdict->ace_mask &&
            strcmp(ace->sid, sid) == 0 && reaches(ace, at->path, at->is_directory) &&
            (!best || strlen(ace->path) > strlen(best->path)))
            best = ace;
    }
    return best;
}

/* Directly in a root, a name that the watch undoes or repairs. */
static bool is_protected_name(const struct sbx_why_question *question)
{
    const struct sbx_strings *names = &question->plan->protected_names;
    size_t i;

    if (question->object.descriptor || !question->parent.path)
        return false;
    for (i = 0; i < names->count; i++)
        if (sbx_utf_equal_ci_ascii(names->items[i], sbx_winpath_base_name(question->object.path)) &&
            is_writable(question->plan, question->parent.path))
            return true;
    return false;
}

static void conclude(const struct sbx_why_question *question, const struct sbx_why_verdict *whole,
    struct sbx_why_answer *answer)
{
    const struct sbx_why_verdict *verdict = &answer->planned;
    const char *path = question->object.path;

    answer->exists = question->object.descriptor != NULL;
    answer->desired =
        sbx_why_desired(question->op, answer->exists && question->object.is_directory);
    answer->will_change = answer->now.granted != verdict->granted;
    answer->moved_in = whole->granted != verdict->granted;
    answer->outside = !is_writable(question->plan, path);
    answer->root = innermost_root(question->plan, path);
    answer->rule = find_rule(question, verdict);
    answer->left_over = answer->outside && verdict->granted && question->op != SBX_WHY_READ &&
                        verdict->pass == SBX_PASS_RESTRICTED && verdict->has_ace &&
                        sbx_capsid_is_ours(&verdict->step.sid);
    answer->residual_delete = question->op == SBX_WHY_DELETE && verdict->granted &&
                              verdict->step.reason == SBX_REASON_PARENT &&
                              verdict->pass == SBX_PASS_NORMAL && question->token->write_restricted;
    answer->protected_name = is_protected_name(question);
}

enum sbx_status sbx_why_ask(const struct sbx_why_question *question,
    struct sbx_why_answer *ret_answer, struct sbx_error *err)
{
    struct sbx_why_answer answer;
    struct sbx_why_verdict whole;
    enum sbx_status status;

    memset(&answer, 0, sizeof(answer));
    memset(&whole, 0, sizeof(whole));
    if (!question->object.descriptor && !question->parent.descriptor)
        return sbx_fail(err, SBX_INVALID, "'%s' has no descriptor and no directory to be made in",
            question->object.path);
    status = ask(question, VIEW_NOW, &answer.now, err);
    if (!status)
        status = ask(question, VIEW_PLANNED, &answer.planned, err);
    if (!status)
        status = ask(question, VIEW_WHOLE, &whole, err);
    if (status)
        return status;
    conclude(question, &whole, &answer);
    *ret_answer = answer;
    return SBX_OK;
}

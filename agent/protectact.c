/* What is done about a protected name that was made during a run. See protect.h for the MUSTs. */
#include "protectparts.h"

#include "facts.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"

#define ATTEMPTS 16u
#define BUSY_TRIES 5
#define BUSY_WAIT_MS 20u
#define NT_SHARING_VIOLATION 0xC0000043u

/* --- moving aside -------------------------------------------------------------------------------
 */

/* Somebody (a virus scanner, an editor) may hold it for a moment without sharing its deletion. */
static enum sbx_status open_to_move(
    HANDLE parent, const wchar_t *entry_w, size_t cch, HANDLE *ret_handle, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_ANY, .access = DELETE, .allow_reparse = true};
    enum sbx_status status = SBX_OK;
    struct sbx_error problem;
    int i;

    sbx_error_init(&problem);
    for (i = 0; i < BUSY_TRIES; i++) {
        if (i)
            Sleep(BUSY_WAIT_MS);
        status = sbx_file_open_child(parent, entry_w, cch, &how, ret_handle, &problem);
        if (!status || problem.code != NT_SHARING_VIOLATION)
            break;
    }
    if (status && err)
        *err = problem;
    return status;
}

enum sbx_status sbx_protect_move_aside(const struct sbx_protect *protect, HANDLE parent,
    const wchar_t *entry_w, size_t cch, const char *name, const struct sbx_file_facts *facts,
    char **ret_name, struct sbx_error *err)
{
    struct sbx_file_facts now;
    HANDLE handle = NULL;
    enum sbx_status status = open_to_move(parent, entry_w, cch, &handle, err);
    unsigned attempt;

    if (!status)
        status = sbx_file_get_facts(handle, &now, err);
    if (!status && facts && !sbx_file_same(&now, facts))
        status = sbx_fail(err, SBX_DENIED, "'%s' was replaced meanwhile", name);
    for (attempt = 0; !status; attempt++) {
        char *aside = NULL;

        status = sbx_protectname_quarantine(name, protect->id, attempt, &aside, err);
        if (!status)
            status = sbx_file_rename(handle, parent, aside, false, err);
        if (!status)
            *ret_name = aside;
        else
            free(aside);
        if (!status || status != SBX_EXISTS || attempt + 1 == ATTEMPTS)
            break;
        status = SBX_OK;
    }
    sbx_handle_close(&handle);
    return status;
}

/* --- one object ---------------------------------------------------------------------------------
 */

static enum sbx_status say_failure(
    struct sbx_protect_work *work, size_t index, const char *what, const struct sbx_error *problem)
{
    char text[1200];

    sbx_error_format(problem, text, sizeof(text));
    work->report->items[index].action = SBX_PROTECT_FAILED;
    return sbx_protect_say(&work->report->items[index].details, work->err, "%s: %s", what, text);
}

static enum sbx_status quarantine(
    struct sbx_protect_work *work, const struct sbx_protect_candidate *candidate, size_t index)
{
    const char *name = work->protect->plan->protected_names.items[candidate->name];
    struct sbx_error problem;
    char *aside = NULL;
    enum sbx_status status;

    sbx_error_init(&problem);
    status = sbx_protect_move_aside(work->protect, candidate->parent, candidate->entry_w,
        candidate->entry_cch, name, &candidate->facts, &aside, &problem);
    if (status)
        return say_failure(work, index, "could not be renamed", &problem);
    work->report->items[index].action = SBX_PROTECT_QUARANTINED;
    status =
        sbx_protect_say(&work->report->items[index].details, work->err, "renamed to '%s'", aside);
    free(aside);
    return status;
}

/* After an elevated run: git trusts only what its user owns. Never for what keeps its owner. */
static enum sbx_status take_over(struct sbx_protect_work *work,
    const struct sbx_protect_candidate *candidate, struct sbx_error *err)
{
    static const struct sbx_file_how how = {
        .kind = SBX_FILE_ANY, .access = WRITE_OWNER | READ_CONTROL};
    const struct sbx_plan *plan = work->protect->plan;
    enum sbx_status status;
    struct sbx_file_facts now;
    struct sbx_sid user;
    HANDLE handle = NULL;

    if (!work->protect->options.grants || plan->mode != SBX_MODE_ELEVATED)
        return SBX_OK;
    status = sbx_sid_of_current_user(&user, err);
    if (!status)
        status = sbx_file_open_child(
            candidate->parent, candidate->entry_w, candidate->entry_cch, &how, &handle, err);
    if (!status)
        status = sbx_file_get_facts(handle, &now, err);
    if (!status && !sbx_file_same(&now, &candidate->facts))
        status = sbx_fail(err, SBX_DENIED, "it was replaced meanwhile");
    if (!status)
        status = sbx_acl_set_owner(handle, &user, &work->report->descriptors, err);
    sbx_handle_close(&handle);
    return status;
}

static enum sbx_status tame(struct sbx_protect_work *work,
    const struct sbx_protect_candidate *candidate, size_t index, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY,
        .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_ADD_SUBDIRECTORY};
    struct sbx_file_facts now;
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_open_child(
        candidate->parent, candidate->entry_w, candidate->entry_cch, &how, &handle, err);

    if (!status)
        status = sbx_file_get_facts(handle, &now, err);
    if (!status && !sbx_file_same(&now, &candidate->facts))
        status = sbx_fail(err, SBX_DENIED, "it was replaced meanwhile");
    if (!status)
        status =
            sbx_protect_git_tame(work->protect, handle, &work->report->items[index].details, err);
    sbx_handle_close(&handle);
    return status;
}

static bool is_in_writable_root(const struct sbx_plan *plan, const char *path)
{
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (plan->roots[i].writable && sbx_winpath_is_inside(plan->roots[i].path, path))
            return true;
    return false;
}

/* A repository that was there before the run and is denied: nothing new comes in through it. */
static bool is_known_repository(const struct sbx_protect *protect, const char *path)
{
    const struct sbx_facts *facts = protect->options.facts;
    size_t i;

    for (i = 0; i < facts->object_count; i++)
        if (facts->objects[i].kind == SBX_OBJECT_PROTECTED &&
            sbx_winpath_equal(facts->objects[i].path, path))
            return true;
    return false;
}

/*
 * A `.git` file says where the repository is. What it names may be anybody's, so it is only looked
 * at; when it is not in order the file itself goes aside.
 */
static enum sbx_status is_file_in_order(struct sbx_protect_work *work,
    const struct sbx_protect_candidate *candidate, size_t index, bool *ret_in_order)
{
    struct sbx_strings *details = &work->report->items[index].details;
    struct sbx_object_fact object = {0};
    size_t before, i;
    char *directory = NULL;
    enum sbx_status status = sbx_winpath_parent(candidate->path, &directory, work->err);

    *ret_in_order = false;
    if (!status)
        status = sbx_facts_git_targets(candidate->path, directory, &object, work->err);
    if (!status && !object.gitdir_target)
        status = sbx_protect_say(details, work->err, "a file that names no repository");
    else if (!status) {
        const char *const targets[] = {object.gitdir_target, object.commondir_target};

        before = details->count;
        status = sbx_protect_say(details, work->err, "names '%s'", targets[0]);
        before++;
        for (i = 0; i < countof(targets) && !status && targets[i]; i++) {
            if (!is_in_writable_root(work->protect->plan, targets[i]))
                status =
                    sbx_protect_say(details, work->err, "'%s' is in no writable root", targets[i]);
            else if (!is_known_repository(work->protect, targets[i]))
                status = sbx_protect_git_look(targets[i], details, work->err);
        }
        *ret_in_order = !status && details->count == before;
    }
    free(directory);
    free(object.gitdir_target);
    free(object.commondir_target);
    return status;
}

static enum sbx_status adopt(
    struct sbx_protect_work *work, const struct sbx_protect_candidate *candidate, size_t index)
{
    struct sbx_protect_item *item = &work->report->items[index];
    enum sbx_status status = SBX_OK;
    struct sbx_error problem;
    bool in_order = true;
    size_t *larger = NULL;

    sbx_error_init(&problem);
    if (candidate->facts.is_directory)
        in_order = !tame(work, candidate, index, &problem);
    else
        status = is_file_in_order(work, candidate, index, &in_order);
    if (!status && in_order && take_over(work, candidate, &problem))
        in_order = false;
    if (!status && !in_order && problem.status) {
        status = say_failure(work, index, "could not be adopted", &problem);
        if (status)
            return status;
    }
    if (status || !in_order)
        return status ? status : quarantine(work, candidate, index);
    item->action = SBX_PROTECT_ADOPTED;
    status = sbx_calloc(work->adopted_count + 1, sizeof(*larger), &larger, work->err);
    if (status)
        return status;
    if (work->adopted_count)
        memcpy(larger, work->adopted, work->adopted_count * sizeof(*larger));
    free(work->adopted);
    work->adopted = larger;
    work->adopted[work->adopted_count++] = index;
    return SBX_OK;
}

/* Why an object cannot stay where it is under its name; NULL: it can be adopted. */
static const char *odd(const struct sbx_protect_candidate *candidate)
{
    if (candidate->facts.is_reparse)
        return "a link";
    if (!candidate->facts.is_directory && candidate->facts.links > 1)
        return "a file with more than one name (hard link): its access list is not written";
    if (candidate->spelling != SBX_SPELLING_PLAIN)
        return "another spelling of the name";
    return NULL;
}

static bool is_dealt_with(const struct sbx_protect_report *report, const char *path)
{
    size_t i;

    for (i = 0; i < report->item_count; i++)
        if (strcmp(report->items[i].path, path) == 0)
            return true;
    return false;
}

/* A repository that is left: what is in it is said all the same. */
static enum sbx_status only_report(
    struct sbx_protect_work *work, const struct sbx_protect_candidate *candidate, size_t index)
{
    struct sbx_strings *details = &work->report->items[index].details;
    enum sbx_status status = SBX_OK;

    if (candidate->is_late && !candidate->is_certain)
        status = sbx_protect_say(details, work->err,
            "appeared after the watch over a background run: made by a process that it left, or by "
            "you");
    else if (!candidate->is_certain)
        status =
            sbx_protect_say(details, work->err, "may have been there before: the watch was lost");
    if (!status && candidate->facts.is_directory && !candidate->facts.is_reparse &&
        sbx_utf_equal_ci_ascii(work->protect->plan->protected_names.items[candidate->name], ".git"))
        status = sbx_protect_git_look(candidate->path, details, work->err);
    return status;
}

enum sbx_status sbx_protect_deal(
    struct sbx_protect_work *work, const struct sbx_protect_candidate *candidate)
{
    const struct sbx_plan *plan = work->protect->plan;
    const char *why = odd(candidate);
    bool is_git = sbx_utf_equal_ci_ascii(plan->protected_names.items[candidate->name], ".git");
    enum sbx_status status;
    size_t index = 0;

    if (is_dealt_with(work->report, candidate->path))
        return SBX_OK;
    status = sbx_protect_add_item(work, candidate->path, SBX_PROTECT_REPORTED, &index);
    if (status)
        return status == SBX_INVALID ? SBX_OK : status;
    if (why)
        status = sbx_protect_say(&work->report->items[index].details, work->err, "%s", why);
    if (status)
        return status;
    if (plan->on_created_protected == SBX_ON_CREATED_REPORT || !candidate->is_certain)
        return only_report(work, candidate, index);
    if (is_git && !why && plan->on_created_protected != SBX_ON_CREATED_QUARANTINE)
        return adopt(work, candidate, index);
    return quarantine(work, candidate, index);
}

/* --- denies --------------------------------------------------------------------------------------
 */

static size_t fact_root_of(const struct sbx_facts *facts, const char *path)
{
    size_t best = SIZE_MAX, i;

    for (i = 0; i < facts->root_count; i++)
        if (facts->roots[i].path && sbx_winpath_is_inside(facts->roots[i].path, path) &&
            (best == SIZE_MAX || strlen(facts->roots[i].path) > strlen(facts->roots[best].path)))
            best = i;
    return best;
}

static void free_objects(struct sbx_object_fact *objects, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        free(objects[i].path);
        free(objects[i].gitdir_target);
        free(objects[i].commondir_target);
    }
    free(objects);
}

/* The facts of the run with the adopted objects as the only ones: a plan of their denies. */
static enum sbx_status plan_and_grant(struct sbx_protect_work *work, struct sbx_error *err)
{
    const struct sbx_protect_options *options = &work->protect->options;
    struct sbx_facts *facts = options->facts;
    struct sbx_object_fact *const objects = facts->objects;
    const size_t object_count = facts->object_count;
    struct sbx_grant_report report = {0};
    struct sbx_plan plan;
    enum sbx_status status = SBX_OK;
    size_t i;

    facts->objects = NULL;
    facts->object_count = 0;
    for (i = 0; i < work->adopted_count && !status; i++) {
        const char *path = work->report->items[work->adopted[i]].path;
        size_t root = fact_root_of(facts, path);

        if (root != SIZE_MAX)
            status = sbx_facts_add_object(facts, SBX_OBJECT_PROTECTED, root, path, err);
    }
    if (!status && work->protect->plan->git == SBX_GIT_WRITE)
        status = sbx_facts_git_inner(facts, err);
    if (!status && facts->object_count < work->adopted_count)
        status = sbx_fail(err, SBX_NOT_FOUND, "an adopted object is gone");
    if (!status)
        status = sbx_plan_make(options->policy, facts, &plan, err);
    if (!status) {
        status = sbx_grants_apply(&plan, options->grants, &report, err);
        work->report->descriptors.reads += report.counts.reads;
        work->report->descriptors.writes += report.counts.writes;
        work->report->descriptors.proofs += report.counts.proofs;
        sbx_grant_report_done(&report);
        sbx_plan_done(&plan);
    }
    free_objects(facts->objects, facts->object_count);
    facts->objects = objects;
    facts->object_count = object_count;
    return status;
}

enum sbx_status sbx_protect_stamp(struct sbx_protect_work *work)
{
    enum sbx_status status = SBX_OK, stamped = SBX_OK;
    struct sbx_error problem;
    size_t i;

    if (!work->adopted_count)
        return SBX_OK;
    sbx_error_init(&problem);
    if (work->protect->options.grants)
        stamped = plan_and_grant(work, &problem);
    for (i = 0; i < work->adopted_count && !status; i++) {
        if (stamped)
            status = say_failure(work, work->adopted[i], "is not denied", &problem);
        else
            status =
                sbx_protect_say(&work->report->items[work->adopted[i]].details, work->err, "%s",
                    work->protect->options.grants ? "denied to later commands"
                                                  : "not denied: files keep no access lists here");
    }
    return status;
}

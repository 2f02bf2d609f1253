/*
 * Roots: which directories become writable, and why others do not. Boundary B1.
 *
 *   1. Only what the policy grants: the working directory under workspace-write, and allowWrite.
 *   2. denyWrite beats allowWrite, also when it names a folder above the root.
 *      So does a protected name in another root: only the machine's policy may shorten that list.
 *   3. Nothing outside the machine's bound, compared on final paths.
 *   4. Nothing that design 4 refuses, and nothing whose access list cannot hold a boundary.
 */
#include "plan_parts.h"

#include "capsid.h"
#include "tokenplan.h"
#include "utf.h"
#include "winpath.h"

/* What can be wrong with the object itself; the place is plan_places.c. */
static const char *object_rule(const struct sbx_root_fact *fact)
{
    enum sbx_winpath_kind asked =
        fact->asked_path ? sbx_winpath_classify(fact->asked_path) : SBX_WINPATH_DRIVE;

    if (sbx_winpath_classify(fact->path) == SBX_WINPATH_UNC || asked == SBX_WINPATH_UNC)
        return "is on another computer";
    if (sbx_winpath_classify(fact->path) != SBX_WINPATH_DRIVE)
        return "has no drive letter";
    if (!sbx_winpath_is_normal(fact->path))
        return "is spelled in a way that Windows would rewrite";
    if (!fact->exists)
        return "does not exist";
    if (!fact->is_directory)
        return "is a file, and access is given to folders";
    if (!fact->is_local_fixed)
        return "is on a mapped, subst or removable drive";
    if (!fact->keeps_acls)
        return "is on a volume that keeps no access lists (FAT, exFAT)";
    if (fact->null_dacl)
        return "has no access list, so everyone may write and nothing can be denied";
    if (!fact->volume_guid)
        return "is on a volume without an identity";
    return NULL;
}

static const char *bound_rule(const struct sbx_plan_work *work, const char *path)
{
    size_t i;

    if (!work->policy->write_bound.written)
        return NULL;
    for (i = 0; i < work->facts->write_bound_count; i++)
        if (work->facts->write_bound[i] && sbx_winpath_is_inside(work->facts->write_bound[i], path))
            return NULL;
    return "is outside what the machine's policy lets be written";
}

static enum sbx_status refuse(
    const struct sbx_root_fact *fact, bool is_cwd, const char *rule, struct sbx_error *err)
{
    bool same = !fact->asked || !strcmp(fact->asked, fact->path);

    sbx_fail(err, SBX_DENIED, "%s '%s'%s%s%s cannot be writable: it %s",
        is_cwd ? "working directory" : "allowWrite", same ? fact->path : fact->asked,
        same ? "" : " ('", same ? "" : fact->path, same ? "" : "')", rule);
    if (is_cwd)
        sbx_error_hint(err, "use a project folder (cd, or --cwd), or --profile read-only");
    else if (!fact->exists)
        sbx_error_hint(err, "create the folder first, or take it out of allowWrite");
    else
        sbx_error_hint(err, "name a project folder of your own, on a local NTFS drive");
    return SBX_DENIED;
}

/*
 * A denyWrite entry that is the root or lies above it. Found from the text of the policy, because
 * facts.objects lists only what lies inside roots; entries with wildcards cannot name a root.
 */
static bool is_denied(const struct sbx_plan_work *work, const char *path)
{
    const struct sbx_strings *denied = &work->policy->deny_write;
    bool result = false;
    size_t i;

    for (i = 0; i < work->facts->object_count; i++)
        if (work->facts->objects[i].kind == SBX_OBJECT_DENY_WRITE &&
            sbx_winpath_is_inside(work->facts->objects[i].path, path))
            return true;
    for (i = 0; !result && i < denied->count; i++) {
        char *entry = NULL;

        if (!sbx_winpath_resolve(work->facts->cwd, denied->items[i], &entry, NULL, NULL))
            result = sbx_winpath_is_inside(entry, path);
        free(entry);
    }
    return result;
}

/*
 * The protected object that is the directory or holds it. With git: "write" the repository itself
 * may be written, so a folder in it may be a root; what stays protected in there may not.
 */
static const char *protected_above(const struct sbx_plan_work *work, const char *path)
{
    size_t i;

    for (i = 0; i < work->facts->object_count; i++) {
        const struct sbx_object_fact *object = &work->facts->objects[i];

        if ((object->kind != SBX_OBJECT_PROTECTED && object->kind != SBX_OBJECT_GIT_INNER) ||
            !sbx_winpath_is_inside(object->path, path))
            continue;
        if (object->kind == SBX_OBJECT_PROTECTED && work->plan->git == SBX_GIT_WRITE &&
            sbx_utf_equal_ci_ascii(sbx_winpath_base_name(object->path), ".git"))
            continue;
        return object->path;
    }
    return NULL;
}

static bool same_object(const struct sbx_plan_root *root, const struct sbx_root_fact *fact)
{
    if (sbx_winpath_equal(root->path, fact->path))
        return true;
    return root->volume_guid && fact->volume_guid &&
           !strcmp(root->volume_guid, fact->volume_guid) &&
           !memcmp(root->file_id, fact->file_id, sizeof(root->file_id));
}

/* A writable root may hold a tool folder (a virtual environment): allowed, and said. */
static enum sbx_status warn_of_path(
    struct sbx_plan_work *work, const char *root, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < work->facts->path_count; i++) {
        const char *directory = work->facts->path_directories[i];

        if (directory && sbx_winpath_is_inside(root, directory))
            status = sbx_plan_warn(work->plan, err,
                "'%s' is on PATH and can be written by the command: programs started from there "
                "outside the sandbox may be its work",
                directory);
    }
    return status;
}

static enum sbx_status make_writable(struct sbx_plan_work *work, const struct sbx_root_fact *fact,
    bool is_cwd, bool *ret_writable, struct sbx_error *err)
{
    const char *rule;

    if (is_denied(work, fact->path)) {
        *ret_writable = false;
        return sbx_plan_warn(
            work->plan, err, "'%s' is not writable: denyWrite covers it", fact->path);
    }
    rule = protected_above(work, fact->path);
    if (rule) {
        *ret_writable = false;
        return sbx_plan_warn(
            work->plan, err, "'%s' is not writable: '%s' is protected", fact->path, rule);
    }
    rule = object_rule(fact);
    if (!rule)
        rule = sbx_plan_forbidden_place(work->facts, fact->path);
    if (!rule)
        rule = bound_rule(work, fact->path);
    if (rule)
        return refuse(fact, is_cwd, rule, err);
    *ret_writable = true;
    return warn_of_path(work, fact->path, err);
}

static enum sbx_status make_sid(const struct sbx_facts *facts, const char *volume_guid,
    const uint8_t file_id[16], char **ret_sid, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    struct sbx_sid sid;
    enum sbx_status status =
        sbx_capsid_for_root(facts->caller_sid, volume_guid, file_id, &sid, err);

    if (status)
        return status;
    sbx_sid_format(&sid, text);
    return sbx_strdup(text, ret_sid, err);
}

static enum sbx_status add_root(struct sbx_plan_work *work, const struct sbx_root_fact *fact,
    bool writable, struct sbx_error *err)
{
    struct sbx_plan *plan = work->plan;
    struct sbx_plan_root *root;
    enum sbx_status status;
    size_t i;

    for (i = 0; i < plan->root_count; i++)
        if (same_object(&plan->roots[i], fact)) {
            plan->roots[i].writable = plan->roots[i].writable || writable;
            return SBX_OK;
        }
    root = &plan->roots[plan->root_count++];
    root->writable = writable;
    memcpy(root->file_id, fact->file_id, sizeof(root->file_id));
    status = sbx_strdup(fact->path, &root->path, err);
    if (status || !fact->exists || !fact->volume_guid)
        return status;
    status = sbx_strdup(fact->volume_guid, &root->volume_guid, err);
    if (!status)
        status =
            make_sid(work->facts, fact->volume_guid, fact->file_id, &root->capability_sid, err);
    return status;
}

static enum sbx_status collect_capabilities(struct sbx_plan *plan, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < plan->root_count; i++)
        if (plan->roots[i].writable)
            status = sbx_strings_add(&plan->capability_sids, plan->roots[i].capability_sid, err);
    if (!status && plan->capability_sids.count > SBX_CAPABILITIES_MAX) {
        status = sbx_fail(err, SBX_DENIED, "%zu writable folders are more than a token may carry",
            plan->capability_sids.count);
        sbx_error_hint(
            err, "grant a common parent folder, at most %u in all", SBX_CAPABILITIES_MAX);
    }
    return status;
}

enum sbx_status sbx_plan_roots(struct sbx_plan_work *work, struct sbx_error *err)
{
    const struct sbx_facts *facts = work->facts;
    enum sbx_status status;
    size_t i;

    if (facts->root_count != work->policy->allow_write.count + 1)
        return sbx_fail(err, SBX_INTERNAL, "%zu root facts for %zu allowWrite entries",
            facts->root_count, work->policy->allow_write.count);
    if (facts->write_bound_count != work->policy->write_bound.count)
        return sbx_fail(err, SBX_INTERNAL, "%zu bound facts for %zu entries",
            facts->write_bound_count, work->policy->write_bound.count);
    status = sbx_calloc(facts->root_count, sizeof(*work->plan->roots), &work->plan->roots, err);
    for (i = 0; !status && i < facts->root_count; i++) {
        bool writable = i > 0 || work->policy->profile == SBX_PROFILE_WORKSPACE_WRITE;

        if (writable)
            status = make_writable(work, &facts->roots[i], i == 0, &writable, err);
        if (!status)
            status = add_root(work, &facts->roots[i], writable, err);
    }
    if (!status)
        status = collect_capabilities(work->plan, err);
    return status;
}

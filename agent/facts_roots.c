/* Facts about roots and the objects in them; see facts.h. */
#include "facts.h"

#include "follow.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/acl.h"
#include "shared/win/handle.h"
#include "shared/win/volume.h"

static enum sbx_status drive_facts(struct sbx_root_fact *root, struct sbx_error *err)
{
    bool subst = false, remote = false;
    enum sbx_status status;

    if (sbx_winpath_classify(root->asked_path) != SBX_WINPATH_DRIVE)
        return SBX_OK;
    status = sbx_volume_drive(root->asked_path[0], &subst, &remote, err);
    if (!status && (subst || remote))
        root->is_local_fixed = false;
    return status == SBX_NOT_FOUND ? SBX_OK : status;
}

static enum sbx_status handle_facts(
    HANDLE handle, struct sbx_root_fact *root, struct sbx_error *err)
{
    struct sbx_descriptor descriptor = {0};
    struct sbx_file_facts file = {0};
    struct sbx_volume volume;
    enum sbx_status status;

    status = sbx_file_get_facts(handle, &file, err);
    if (!status)
        status = sbx_volume_of_handle(handle, &volume, err);
    if (status)
        return status;
    root->exists = true;
    root->is_directory = file.is_directory;
    root->is_reparse = file.is_reparse;
    memcpy(root->file_id, file.id, sizeof(root->file_id));
    root->keeps_acls = volume.persistent_acls;
    root->is_local_fixed = volume.kind == SBX_VOLUME_FIXED;
    status = sbx_strdup(volume.guid_path, &root->volume_guid, err);
    if (status)
        return status;
    /* Without READ_CONTROL the grant engine will say so; here it only means "not known as NULL". */
    if (!sbx_acl_get(handle, NULL, &descriptor, NULL))
        root->null_dacl = descriptor.dacl.kind != SBX_ACL_LIST;
    sbx_descriptor_done(&descriptor);
    return drive_facts(root, err);
}

/* "~" and "~\\x" mean the profile, as in every shell; nothing else is expanded. */
enum sbx_status sbx_facts_resolve(
    const struct sbx_facts *facts, const char *asked, char **ret_path, struct sbx_error *err)
{
    bool home = asked[0] == '~' && (!asked[1] || asked[1] == '\\' || asked[1] == '/');

    if (home && facts->profile)
        return sbx_winpath_resolve(facts->profile, asked[1] ? asked + 2 : ".", ret_path, NULL, err);
    return sbx_winpath_resolve(facts->cwd, asked, ret_path, NULL, err);
}

/*
 * The links on the way to the working directory were judged when it was found, and facts->cwd is
 * where they lead. A command that is still running may have put one there since: then it leads
 * elsewhere now.
 */
static enum sbx_status check_cwd(
    const struct sbx_facts *facts, const struct sbx_root_fact *root, struct sbx_error *err)
{
    if (sbx_winpath_equal(root->path, facts->cwd))
        return SBX_OK;
    return sbx_fail(err, SBX_DENIED, "it became a link to '%s' meanwhile", root->path);
}

/* A root by the name the caller gave it. One that does not exist is a fact, not an error. */
static enum sbx_status root_fact(const struct sbx_facts *facts, const char *asked,
    struct sbx_root_fact *root, struct sbx_error *err)
{
    const bool is_cwd = asked == facts->cwd;
    enum sbx_status status;
    HANDLE handle = NULL;

    status = sbx_strdup(asked, &root->asked, err);
    if (!status)
        status = sbx_facts_resolve(facts, asked, &root->asked_path, err);
    if (status)
        return status;
    if (!is_cwd)
        status = sbx_follow_check_links(root->asked_path, err);
    if (status) {
        sbx_error_context(err, "root '%s'", asked);
        return status;
    }
    status = sbx_follow_open(root->asked_path, READ_CONTROL, &handle, &root->path, err);
    if (status == SBX_DENIED)
        status = sbx_follow_open(root->asked_path, 0, &handle, &root->path, err);
    if (status == SBX_NOT_FOUND)
        return sbx_strdup(root->asked_path, &root->path, err);
    if (!status && is_cwd)
        status = check_cwd(facts, root, err);
    if (!status)
        status = handle_facts(handle, root, err);
    if (status)
        sbx_error_context(err, "root '%s'", asked);
    sbx_handle_close(&handle);
    return status;
}

static const struct sbx_file_how object_how = {.kind = SBX_FILE_ANY, .allow_reparse = true};

/* What was opened. @param handle closed */
static enum sbx_status add_opened(struct sbx_facts *facts, enum sbx_object_kind kind, size_t root,
    const char *path, HANDLE handle, struct sbx_error *err)
{
    struct sbx_object_fact *grown, object = {0};
    struct sbx_file_facts file = {0};
    enum sbx_status status = sbx_file_get_facts(handle, &file, err);

    if (!status)
        status = sbx_strdup(path, &object.path, err);
    if (!status && kind == SBX_OBJECT_PROTECTED && !file.is_directory && !file.is_reparse &&
        sbx_utf_equal_ci_ascii(sbx_winpath_base_name(path), ".git"))
        status = sbx_facts_git_targets(path, facts->roots[root].path, &object, err);
    if (!status)
        status = sbx_calloc(facts->object_count + 1, sizeof(*grown), &grown, err);
    if (!status) {
        if (facts->object_count)
            memcpy(grown, facts->objects, facts->object_count * sizeof(*grown));
        free(facts->objects);
        facts->objects = grown;
        object.kind = kind;
        object.root = root;
        object.is_directory = file.is_directory;
        object.is_reparse = file.is_reparse;
        object.link_count = file.links;
        grown[facts->object_count++] = object;
        memset(&object, 0, sizeof(object));
    }
    free(object.path);
    free(object.gitdir_target);
    free(object.commondir_target);
    sbx_handle_close(&handle);
    return status;
}

enum sbx_status sbx_facts_add_object(struct sbx_facts *facts, enum sbx_object_kind kind,
    size_t root, const char *path, struct sbx_error *err)
{
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_open(path, &object_how, &handle, err);

    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (!status)
        status = add_opened(facts, kind, root, path, handle, err);
    if (status)
        sbx_error_context(err, "protected object '%s'", path);
    return status;
}

/* Below the root's handle: one open per name, and all of them in the same directory. */
static enum sbx_status add_named(
    struct sbx_facts *facts, size_t root, HANDLE directory, const char *name, struct sbx_error *err)
{
    HANDLE handle = NULL;
    enum sbx_status status = sbx_file_open_at(directory, name, &object_how, &handle, err);
    char *path = NULL;

    if (status == SBX_NOT_FOUND)
        return SBX_OK;
    if (!status)
        status = sbx_winpath_join(facts->roots[root].path, name, &path, err);
    if (!status)
        status = add_opened(facts, SBX_OBJECT_PROTECTED, root, path, handle, err);
    else
        sbx_handle_close(&handle);
    if (status)
        sbx_error_context(err, "protected object '%s' in '%s'", name, facts->roots[root].path);
    free(path);
    return status;
}

static enum sbx_status add_protected(const struct sbx_strings *protected_names,
    struct sbx_facts *facts, size_t root, struct sbx_error *err)
{
    static const struct sbx_file_how how = {.kind = SBX_FILE_DIRECTORY};
    HANDLE directory = NULL;
    enum sbx_status status;
    size_t i;

    if (!facts->roots[root].exists || !facts->roots[root].is_directory)
        return SBX_OK;
    status = sbx_file_open(facts->roots[root].path, &how, &directory, err);
    if (status)
        sbx_error_context(err, "root '%s'", facts->roots[root].path);
    for (i = 0; !status && i < protected_names->count; i++)
        status = add_named(facts, root, directory, protected_names->items[i], err);
    sbx_handle_close(&directory);
    return status;
}

/*
 * A denyWrite entry by the names that the volume has: the policy may say RUNNER~1, a subst drive,
 * a folder above that is a link, or a letter in its other case, and roots are final paths. The
 * object itself is not followed: a link is told as one. What is not there, or not for this user to
 * see, keeps its text.
 */
static enum sbx_status placed_path(const char *path, char **ret_path, struct sbx_error *err)
{
    char *parent = NULL, *final = NULL, *verbatim = NULL;
    HANDLE directory = NULL, handle = NULL;
    enum sbx_status status = SBX_OK;

    *ret_path = NULL;
    /* No root is on another computer, and a policy of the workspace shall not make us call one. */
    if (sbx_winpath_classify(path) != SBX_WINPATH_DRIVE)
        goto cleanup;
    if (sbx_winpath_is_volume_root(path)) {
        if (sbx_follow_open(path, 0, NULL, ret_path, NULL))
            *ret_path = NULL; /* its text, below */
        goto cleanup;
    }
    status = sbx_winpath_parent(path, &parent, err);
    if (status || sbx_follow_open(parent, 0, &directory, &final, NULL))
        goto cleanup;
    if (sbx_file_open_at(directory, sbx_winpath_base_name(path), &object_how, &handle, NULL))
        status = sbx_winpath_join(final, sbx_winpath_base_name(path), ret_path, err);
    else if (!sbx_file_final_path(handle, false, &verbatim, NULL))
        status = sbx_winpath_normalise(verbatim, ret_path, NULL, err);
cleanup:
    if (!status && !*ret_path)
        status = sbx_strdup(path, ret_path, err);
    sbx_handle_close(&handle);
    sbx_handle_close(&directory);
    free(verbatim);
    free(parent);
    free(final);
    return status;
}

/*
 * denyWrite entries belong to the root that contains them, or say that a root which they contain
 * is none; one that does neither says nothing.
 */
static enum sbx_status add_denied_path(
    struct sbx_facts *facts, const char *path, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t r;

    for (r = 0; r < facts->root_count; r++)
        if (sbx_winpath_is_inside(facts->roots[r].path, path))
            return sbx_facts_add_object(facts, SBX_OBJECT_DENY_WRITE, r, path, err);
    for (r = 0; r < facts->root_count; r++)
        if (sbx_winpath_is_inside(path, facts->roots[r].path)) {
            /* One that cannot be opened still counts by its text (plan_roots.c). */
            status = sbx_facts_add_object(facts, SBX_OBJECT_DENY_WRITE, r, path, NULL);
            return status == SBX_OOM ? sbx_fail_oom(err) : SBX_OK;
        }
    return SBX_OK;
}

static enum sbx_status add_denied(
    const struct sbx_policy *policy, struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < policy->deny_write.count; i++) {
        char *path = NULL, *placed = NULL;

        status = sbx_facts_resolve(facts, policy->deny_write.items[i], &path, err);
        if (!status)
            status = placed_path(path, &placed, err);
        if (!status)
            status = add_denied_path(facts, placed, err);
        free(path);
        free(placed);
    }
    return status;
}

/* The machine's bounds as final paths, in order; one that does not exist stays NULL. */
static enum sbx_status add_bounds(
    const struct sbx_policy *policy, struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    if (!policy->write_bound.count)
        return SBX_OK;
    status = sbx_calloc(
        policy->write_bound.count, sizeof(*facts->write_bound), &facts->write_bound, err);
    if (status)
        return status;
    facts->write_bound_count = policy->write_bound.count;
    for (i = 0; !status && i < facts->write_bound_count; i++) {
        char *path = NULL;

        status = sbx_facts_resolve(facts, policy->write_bound.items[i], &path, err);
        if (!status && sbx_follow_open(path, 0, NULL, &facts->write_bound[i], NULL))
            facts->write_bound[i] = NULL;
        free(path);
    }
    return status;
}

enum sbx_status sbx_facts_roots(const struct sbx_policy *policy,
    const struct sbx_strings *protected_names, struct sbx_facts *facts, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    status = sbx_calloc(policy->allow_write.count + 1, sizeof(*facts->roots), &facts->roots, err);
    if (status)
        return status;
    facts->root_count = policy->allow_write.count + 1;
    for (i = 0; !status && i < facts->root_count; i++)
        status = root_fact(
            facts, i ? policy->allow_write.items[i - 1] : facts->cwd, &facts->roots[i], err);
    for (i = 0; !status && i < facts->root_count; i++)
        status = add_protected(protected_names, facts, i, err);
    if (!status && policy->git == SBX_GIT_WRITE)
        status = sbx_facts_git_inner(facts, err);
    if (!status)
        status = add_denied(policy, facts, err);
    return status ? status : add_bounds(policy, facts, err);
}

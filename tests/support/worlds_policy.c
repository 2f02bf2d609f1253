/* Random policies, and the facts that go with them. See worlds.h. */
#include <stdio.h>

#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "tests/support/unit.h"
#include "worlds.h"

static size_t random_root(struct worlds *worlds)
{
    size_t i = 0;

    do
        i = 1 + worlds_pick(worlds, (uint32_t)worlds->node_count - 1);
    while (!worlds->nodes[i].is_directory || worlds->nodes[i].is_reparse);
    return i;
}

void worlds_policy_make(struct worlds *worlds, struct worlds_policy *policy)
{
    static const enum sbx_token_choice recipes[] = {
        SBX_TOKEN_STRICT, SBX_TOKEN_ISOLATED, SBX_TOKEN_STANDARD, SBX_TOKEN_STANDARD};
    size_t i;

    memset(policy, 0, sizeof(*policy));
    policy->elevated = worlds_pick(worlds, 2) != 0;
    policy->read_only = worlds_pick(worlds, 5) == 0;
    policy->git_write = worlds_pick(worlds, 3) == 0;
    policy->recipe = recipes[worlds_pick(worlds, countof(recipes))];
    policy->cwd = worlds_pick(worlds, 2) ? 1 : random_root(worlds);
    policy->adds_secrets = worlds_pick(worlds, 3) == 0;
    policy->removes_vscode = worlds_pick(worlds, 8) == 0;
    policy->allow_count = worlds_pick(worlds, WORLDS_LIST);
    policy->deny_count = worlds_pick(worlds, WORLDS_LIST);
    for (i = 0; i < policy->allow_count; i++)
        policy->allow[i] = random_root(worlds);
    for (i = 0; i < policy->deny_count; i++)
        policy->deny[i] = 1 + worlds_pick(worlds, (uint32_t)worlds->node_count - 1);
}

void worlds_policy_narrow(
    struct worlds *worlds, const struct worlds_policy *wide, struct worlds_policy *narrow)
{
    size_t i;

    *narrow = *wide;
    narrow->allow_count = 0;
    for (i = 0; i < wide->allow_count; i++)
        if (worlds_pick(worlds, 2))
            narrow->allow[narrow->allow_count++] = wide->allow[i];
    if (narrow->deny_count < WORLDS_LIST)
        narrow->deny[narrow->deny_count++] =
            1 + worlds_pick(worlds, (uint32_t)worlds->node_count - 1);
    narrow->read_only = wide->read_only || !worlds_pick(worlds, 3);
    narrow->git_write = wide->git_write && worlds_pick(worlds, 2);
    narrow->adds_secrets = wide->adds_secrets || worlds_pick(worlds, 2);
    narrow->removes_vscode = wide->removes_vscode && worlds_pick(worlds, 2);
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static void put(struct sbx_buf *json, const char *text)
{
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_buf_puts(json, text, &err), &err);
}

/* Absolute or from the working directory, in any case of letters. */
static void put_path(
    struct worlds *worlds, struct sbx_buf *json, const struct worlds_policy *policy, size_t node)
{
    const char *path = worlds->nodes[node].path;
    bool upper = worlds_pick(worlds, 4) == 0;
    struct sbx_error err;

    if (node != policy->cwd && worlds_is_in(worlds, policy->cwd, node) && worlds_pick(worlds, 2))
        path += strlen(worlds->nodes[policy->cwd].path) + 1;
    put(json, "\"");
    for (; *path; path++) {
        char c = upper && *path >= 'a' && *path <= 'z' ? (char)(*path - 32) : *path;

        ck_assert_sbx_ok(
            c == '\\' ? sbx_buf_puts(json, "\\\\", &err) : sbx_buf_putc(json, c, &err), &err);
    }
    put(json, "\"");
}

static void put_list(struct worlds *worlds, struct sbx_buf *json, const char *key,
    const struct worlds_policy *policy, const size_t *nodes, size_t count)
{
    size_t i;

    put(json, key);
    put(json, ":[");
    for (i = 0; i < count; i++) {
        put(json, i ? "," : "");
        put_path(worlds, json, policy, nodes[i]);
    }
    put(json, "]");
}

static void set_policy(struct worlds *worlds, const struct worlds_policy *policy, struct world *w)
{
    struct sbx_buf json;

    sbx_buf_init(&json, SBX_POLICY_MAX_BYTES);
    put(&json, policy->elevated ? "{\"mode\":\"elevated\"" : "{\"mode\":\"unelevated\"");
    put(&json, policy->read_only ? ",\"profile\":\"read-only\"" : "");
    put(&json, policy->git_write ? ",\"git\":\"write\"" : "");
    put(&json, policy->adds_secrets ? ",\"protect\":{\"add\":[\"Secrets\"]}" : "");
    put(&json, ",\"token\":\"");
    put(&json, sbx_token_choice_name(policy->recipe));
    put(&json, "\",\"filesystem\":{");
    put_list(worlds, &json, "\"allowWrite\"", policy, policy->allow, policy->allow_count);
    put_list(worlds, &json, ",\"denyWrite\"", policy, policy->deny, policy->deny_count);
    put(&json, "}}");
    world_policies(
        w, policy->removes_vscode ? "{\"protect\":{\"remove\":[\".vscode\"]}}" : NULL, json.data);
    sbx_buf_done(&json);
}

/* --- facts -------------------------------------------------------------------------------------
 */

static void drop_default_root(struct world *w)
{
    struct sbx_root_fact *root = &w->facts.roots[0];

    free(root->path);
    free(root->asked);
    free(root->asked_path);
    free(root->volume_guid);
    w->facts.root_count = 0;
}

static void add_root(const struct worlds *worlds, struct world *w, size_t node)
{
    world_root(w, worlds->nodes[node].path)->null_dacl =
        worlds->files[worlds->nodes[node].file].now.dacl.kind != SBX_ACL_LIST;
}

/* Found by name or as it is spelled on disk: both come from real machines. */
static void add_object(struct worlds *worlds, struct world *w, enum sbx_object_kind kind,
    const char *path, size_t root)
{
    size_t index = worlds_find(worlds, path);
    const struct worlds_node *node;
    struct sbx_object_fact *object;

    if (index == SIZE_MAX)
        return;
    node = &worlds->nodes[index];
    object = world_object(w, kind, worlds_pick(worlds, 2) ? node->path : path);
    object->root = root;
    object->is_directory = node->is_directory;
    object->is_reparse = node->is_reparse;
    object->link_count = worlds->files[node->file].links;
    if (kind == SBX_OBJECT_PROTECTED && node->gitdir != SIZE_MAX) {
        world_set(&object->gitdir_target, worlds->nodes[node->gitdir].path);
        if (node->commondir != SIZE_MAX)
            world_set(&object->commondir_target, worlds->nodes[node->commondir].path);
    }
}

static void add_protected(struct worlds *worlds, struct world *w)
{
    struct sbx_strings list;
    struct sbx_error err;
    size_t i, r;

    memset(&list, 0, sizeof(list));
    ck_assert_sbx_ok(sbx_plan_protected_names(&w->policy, &list, &err), &err);
    for (r = 0; r < w->facts.root_count; r++)
        for (i = 0; i < list.count; i++) {
            char path[WORLDS_PATH + 32];

            snprintf(path, sizeof(path), "%s\\%s", w->facts.roots[r].path, list.items[i]);
            add_object(worlds, w, SBX_OBJECT_PROTECTED, path, r);
        }
    sbx_strings_done(&list);
}

static void add_modules(struct worlds *worlds, struct world *w, size_t directory, size_t root)
{
    size_t i;

    for (i = 1; i < worlds->node_count; i++) {
        const char *name = worlds->nodes[i].name;

        if (worlds->nodes[i].parent != directory || sbx_utf_equal_ci_ascii(name, "objects"))
            continue;
        if (sbx_utf_equal_ci_ascii(name, "hooks") || sbx_utf_equal_ci_ascii(name, "config"))
            add_object(worlds, w, SBX_OBJECT_GIT_INNER, worlds->nodes[i].path, root);
        else
            add_modules(worlds, w, i, root);
    }
}

static void add_repository(struct worlds *worlds, struct world *w, const char *folder, size_t root)
{
    static const char *const inner[] = {
        "hooks", "config", "config.worktree", "commondir", "worktrees"};
    size_t i, modules;

    if (!folder)
        return;
    for (i = 0; i < countof(inner); i++) {
        char path[WORLDS_PATH + 32];

        snprintf(path, sizeof(path), "%s\\%s", folder, inner[i]);
        add_object(worlds, w, SBX_OBJECT_GIT_INNER, path, root);
    }
    modules = worlds_child(worlds, worlds_find(worlds, folder), "modules");
    if (modules != SIZE_MAX)
        add_modules(worlds, w, modules, root);
}

static void add_git_inner(struct worlds *worlds, struct world *w)
{
    size_t count = w->facts.object_count;
    size_t i;

    for (i = 0; i < count; i++) {
        struct sbx_object_fact object = w->facts.objects[i];

        if (!sbx_utf_equal_ci_ascii(sbx_winpath_base_name(object.path), ".git"))
            continue;
        if (object.is_directory && !object.is_reparse)
            add_repository(worlds, w, object.path, object.root);
        add_repository(worlds, w, object.gitdir_target, object.root);
        add_repository(worlds, w, object.commondir_target, object.root);
    }
}

static void add_denied(struct worlds *worlds, struct world *w)
{
    size_t i, r;

    for (i = 0; i < w->policy.deny_write.count; i++) {
        struct sbx_error err;
        char *path = NULL;

        ck_assert_sbx_ok(
            sbx_winpath_resolve(w->facts.cwd, w->policy.deny_write.items[i], &path, NULL, &err),
            &err);
        for (r = 0; r < w->facts.root_count; r++)
            if (sbx_winpath_is_inside(w->facts.roots[r].path, path)) {
                add_object(worlds, w, SBX_OBJECT_DENY_WRITE, path, r);
                break;
            }
        free(path);
    }
}

void worlds_facts(struct worlds *worlds, const struct worlds_policy *policy, struct world *w)
{
    size_t i;

    world_open(w);
    if (policy->elevated)
        world_install(w);
    world_set(&w->facts.cwd, worlds->nodes[policy->cwd].path);
    drop_default_root(w);
    set_policy(worlds, policy, w);
    add_root(worlds, w, policy->cwd);
    for (i = 0; i < w->policy.allow_write.count; i++) {
        struct sbx_error err;
        char *path = NULL;

        ck_assert_sbx_ok(
            sbx_winpath_resolve(w->facts.cwd, w->policy.allow_write.items[i], &path, NULL, &err),
            &err);
        add_root(worlds, w, worlds_find(worlds, path));
        free(path);
    }
    add_protected(worlds, w);
    if (policy->git_write)
        add_git_inner(worlds, w);
    add_denied(worlds, w);
}

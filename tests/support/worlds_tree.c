/* The tree of a random world and its access lists. See worlds.h. */
#include "worlds.h"

#include <stdio.h>

#include "shared/core/inherit.h"
#include "shared/core/utf.h"
#include "tests/support/unit.h"

#define ALL (SBX_ACE_OI | SBX_ACE_CI)
#define BELOW (SBX_ACE_OI | SBX_ACE_CI | SBX_ACE_IO)

static const char *const top_names[] = {"proj", "project", "pro", "data"};
static const char *const names[] = {".git", ".GIT", ".vscode", ".VSCode", ".envrc", ".mcp.json",
    "secrets", "src", "lib", "a", "b", "proj", "x.txt", "y.txt", ".git"};
static const char *const git_names[] = {"hooks", "config", "config.worktree", "commondir",
    "worktrees", "modules", "objects", "HEAD", "Hooks"};
static const char *const module_names[] = {"m", "n", "hooks", "config"};
static const char *const file_names[] = {
    ".envrc", ".mcp.json", "x.txt", "y.txt", "config", "config.worktree", "commondir", "HEAD"};

uint32_t worlds_pick(struct worlds *worlds, uint32_t below)
{
    return (uint32_t)(unit_random(&worlds->rng) % below);
}

size_t worlds_find(const struct worlds *worlds, const char *path)
{
    size_t i;

    for (i = 0; i < worlds->node_count; i++)
        if (sbx_utf_equal_ci_ascii(worlds->nodes[i].path, path))
            return i;
    return SIZE_MAX;
}

size_t worlds_child(const struct worlds *worlds, size_t parent, const char *name)
{
    size_t i;

    for (i = 0; i < worlds->node_count; i++)
        if (worlds->nodes[i].parent == parent &&
            sbx_utf_equal_ci_ascii(worlds->nodes[i].name, name))
            return i;
    return SIZE_MAX;
}

bool worlds_is_in(const struct worlds *worlds, size_t outer, size_t inner)
{
    while (inner != SIZE_MAX && inner != outer)
        inner = worlds->nodes[inner].parent;
    return inner == outer;
}

/* --- access lists ------------------------------------------------------------------------------
 */

static struct sbx_sid sid(const char *text)
{
    struct sbx_sid value;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_sid_parse(text, &value, &err), &err);
    return value;
}

static void add(
    struct sbx_acl *dacl, uint8_t type, unsigned flags, uint32_t mask, const struct sbx_sid *who)
{
    struct sbx_ace ace = sbx_ace_make(type, (uint8_t)flags, mask, who);
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_acl_insert(dacl, dacl->count, &ace, &err), &err);
}

static struct sbx_sid random_sid(struct worlds *worlds)
{
    const struct sbx_sid *const pool[] = {&worlds->caller, &worlds->caller, &worlds->other,
        &sbx_sid_authenticated, &sbx_sid_authenticated, &sbx_sid_users, &sbx_sid_users,
        &sbx_sid_administrators, &sbx_sid_system, &sbx_sid_creator_owner, &worlds->team,
        &sbx_sid_everyone, &worlds->logon, &worlds->account, &worlds->group};
    uint32_t n = worlds_pick(worlds, 3 * countof(pool));

    /* The last four make exceptions: a third as often. */
    if (n >= countof(pool))
        n %= countof(pool) - 4;
    return *pool[n];
}

static void random_ace(struct worlds *worlds, struct sbx_acl *dacl, bool is_directory, bool denies)
{
    static const uint32_t masks[] = {SBX_FILE_ALL, 0x001301BF, 0x001200A9, 0x00000116, SBX_DELETE,
        SBX_FILE_WRITE_DATA, SBX_FILE_DELETE_CHILD, SBX_WRITE_DAC, SBX_GENERIC_ALL};
    static const uint8_t flags[] = {
        0, 0, ALL, ALL, BELOW, SBX_ACE_CI, SBX_ACE_OI, SBX_ACE_CI | SBX_ACE_NP};
    struct sbx_sid who = random_sid(worlds);

    add(dacl, denies ? SBX_ACE_DENY : SBX_ACE_ALLOW,
        is_directory ? flags[worlds_pick(worlds, countof(flags))] : 0,
        masks[worlds_pick(worlds, countof(masks))], &who);
}

/* What somebody may have asked for: a short list, denies first unless `shuffled`. */
static void random_list(struct worlds *worlds, struct sbx_acl *dacl, bool is_directory)
{
    uint32_t denies = worlds_pick(worlds, 5) ? 0 : 1;
    uint32_t allows = 1 + worlds_pick(worlds, 2);

    dacl->kind = SBX_ACL_LIST;
    while (denies--)
        random_ace(worlds, dacl, is_directory, true);
    while (allows--)
        random_ace(worlds, dacl, is_directory, false);
}

static struct sbx_sid random_owner(struct worlds *worlds)
{
    uint32_t n = worlds_pick(worlds, 20);

    return n < 16   ? worlds->caller
           : n < 17 ? worlds->other
           : n < 18 ? sbx_sid_administrators
           : n < 19 ? sbx_sid_system
                    : worlds->account;
}

/* D:\ as Windows formats it, as people make it, and as it should not be. */
static void volume_list(struct worlds *worlds, struct sbx_descriptor *d)
{
    uint32_t n = worlds_pick(worlds, 10);

    d->has_owner = d->has_group = true;
    d->owner = sbx_sid_system;
    d->group = sbx_sid_system;
    d->dacl.kind = SBX_ACL_LIST;
    add(&d->dacl, SBX_ACE_ALLOW, ALL, SBX_FILE_ALL, &sbx_sid_administrators);
    add(&d->dacl, SBX_ACE_ALLOW, ALL, SBX_FILE_ALL, &sbx_sid_system);
    if (n < 4) {
        add(&d->dacl, SBX_ACE_ALLOW, ALL, 0x001301BF, &sbx_sid_authenticated);
    } else if (n < 8) {
        add(&d->dacl, SBX_ACE_ALLOW, ALL, SBX_FILE_ALL, &worlds->caller);
    } else if (n == 8) {
        add(&d->dacl, SBX_ACE_ALLOW, ALL, SBX_FILE_ALL, &sbx_sid_everyone);
    } else {
        add(&d->dacl, SBX_ACE_DENY, ALL, 0x00000116, &worlds->other);
        add(&d->dacl, SBX_ACE_ALLOW, BELOW, SBX_GENERIC_ALL, &sbx_sid_creator_owner);
        add(&d->dacl, SBX_ACE_ALLOW, SBX_ACE_CI, 6, &sbx_sid_users);
    }
    add(&d->dacl, SBX_ACE_ALLOW, ALL, SBX_FILE_GENERIC_READ | SBX_FILE_EXECUTE, &sbx_sid_users);
}

static void swap_two(struct worlds *worlds, struct sbx_acl *dacl)
{
    size_t a, b;
    struct sbx_ace kept;

    if (dacl->count < 2)
        return;
    a = worlds_pick(worlds, (uint32_t)dacl->count);
    b = worlds_pick(worlds, (uint32_t)dacl->count);
    kept = dacl->aces[a];
    dacl->aces[a] = dacl->aces[b];
    dacl->aces[b] = kept;
}

/* Made in `parent`, or in another directory and moved here, with or without a list of its own. */
static void random_descriptor(
    struct worlds *worlds, size_t parent, bool is_directory, struct sbx_descriptor *ret)
{
    struct sbx_creator creator = {random_owner(worlds), sbx_sid_users, NULL};
    struct sbx_descriptor asked;
    struct sbx_error err;
    uint32_t n = worlds_pick(worlds, 40);

    memset(&asked, 0, sizeof(asked));
    if (n < 2) /* moved in */
        do
            parent = worlds_pick(worlds, (uint32_t)worlds->node_count);
        while (!worlds->nodes[parent].is_directory);
    else if (n < 9)
        random_list(worlds, &asked.dacl, is_directory);
    else if (n == 9)
        asked.dacl.kind = SBX_ACL_NULL;
    if (n >= 2 && n < 5)
        asked.control = SBX_SD_DACL_PROTECTED;
    ck_assert_sbx_ok(sbx_inherit_create(&worlds->files[worlds->nodes[parent].file].before,
                         n >= 2 && n < 10 ? &asked : NULL, is_directory, &creator, ret, &err),
        &err);
    if (n == 5 || n == 10) /* some tool rearranged it */
        swap_two(worlds, &ret->dacl);
    sbx_descriptor_done(&asked);
}

/* --- names -------------------------------------------------------------------------------------
 */

static bool is_one_of(const char *const *list, size_t count, const char *name)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (sbx_utf_equal_ci_ascii(list[i], name))
            return true;
    return false;
}

static const char *random_name(struct worlds *worlds, const struct worlds_node *parent)
{
    if (parent->depth == 0)
        return top_names[worlds_pick(worlds, countof(top_names))];
    if (sbx_utf_equal_ci_ascii(parent->name, ".git"))
        return git_names[worlds_pick(worlds, countof(git_names))];
    if (sbx_utf_equal_ci_ascii(parent->name, "modules") || !strcmp(parent->name, "m"))
        return module_names[worlds_pick(worlds, countof(module_names))];
    return names[worlds_pick(worlds, countof(names))];
}

static size_t random_file_to_link(struct worlds *worlds)
{
    size_t i;

    for (i = worlds->node_count; i-- > 1;)
        if (!worlds->nodes[i].is_directory && !worlds->nodes[i].is_reparse)
            return worlds->nodes[i].file;
    return SIZE_MAX;
}

static void add_node(struct worlds *worlds, size_t parent_index, const char *name)
{
    const struct worlds_node parent = worlds->nodes[parent_index];
    struct worlds_node *node = &worlds->nodes[worlds->node_count];
    struct worlds_file *file = &worlds->files[worlds->file_count];
    bool is_git = sbx_utf_equal_ci_ascii(name, ".git");
    int length = 0;

    memset(node, 0, sizeof(*node));
    snprintf(node->name, sizeof(node->name), "%s", name);
    length = snprintf(
        node->path, sizeof(node->path), "%s%s%s", parent.path, parent.depth ? "\\" : "", name);
    ck_assert_uint_lt((size_t)length, sizeof(node->path));
    node->parent = parent_index;
    node->depth = parent.depth + 1;
    node->gitdir = node->commondir = SIZE_MAX;
    node->is_directory =
        !is_one_of(file_names, countof(file_names), name) && !(is_git && !worlds_pick(worlds, 4));
    node->is_reparse = node->depth > 1 && !worlds_pick(worlds, 30);
    node->file = SIZE_MAX;
    if (!node->is_directory && !node->is_reparse && !worlds_pick(worlds, 8))
        node->file = random_file_to_link(worlds);
    worlds->node_count++;
    if (node->file != SIZE_MAX) {
        worlds->files[node->file].links++;
        return;
    }
    node->file = worlds->file_count++;
    file->links = node->is_directory || worlds_pick(worlds, 25) ? 1 : 2;
    worlds->node_count--; /* not a place to be moved from yet */
    random_descriptor(worlds, parent_index, node->is_directory, &file->before);
    worlds->node_count++;
}

static size_t random_directory(struct worlds *worlds)
{
    size_t i = SIZE_MAX;

    do
        i = worlds_pick(worlds, (uint32_t)worlds->node_count);
    while (!worlds->nodes[i].is_directory || worlds->nodes[i].is_reparse);
    return i;
}

static void make_tree(struct worlds *worlds)
{
    size_t wanted = 8 + worlds_pick(worlds, WORLDS_NODES - 8);
    unsigned tries;
    size_t i;

    snprintf(worlds->nodes[0].path, WORLDS_PATH, "D:\\");
    worlds->nodes[0].parent = worlds->nodes[0].gitdir = worlds->nodes[0].commondir = SIZE_MAX;
    worlds->nodes[0].is_directory = true;
    worlds->node_count = worlds->file_count = worlds->files[0].links = 1;
    volume_list(worlds, &worlds->files[0].before);
    add_node(worlds, 0, "proj");
    for (tries = 0; tries < 200 && worlds->node_count < wanted; tries++) {
        size_t parent = random_directory(worlds);
        const char *name = random_name(worlds, &worlds->nodes[parent]);

        if (worlds->nodes[parent].depth < 5 && worlds_child(worlds, parent, name) == SIZE_MAX)
            add_node(worlds, parent, name);
    }
    for (i = 1; i < worlds->node_count; i++) {
        struct worlds_node *node = &worlds->nodes[i];

        if (node->is_directory || node->is_reparse || !sbx_utf_equal_ci_ascii(node->name, ".git"))
            continue;
        node->gitdir = random_directory(worlds);
        if (worlds_pick(worlds, 2))
            node->commondir = random_directory(worlds);
    }
}

void worlds_open(struct worlds *worlds, uint64_t seed)
{
    struct sbx_error err;
    size_t i;

    memset(worlds, 0, sizeof(*worlds));
    worlds->rng = seed;
    worlds->caller = sid(WORLD_CALLER);
    worlds->other = sid(WORLDS_OTHER);
    worlds->account = sid(WORLD_OFFLINE);
    worlds->group = sid(WORLD_GROUP);
    worlds->logon = sid(WORLD_LOGON);
    worlds->team = sid(WORLDS_TEAM);
    worlds->admin = worlds_pick(worlds, 6) == 0;
    worlds->has_accounts = worlds_pick(worlds, 2) != 0;
    make_tree(worlds);
    for (i = 0; i < worlds->file_count; i++)
        ck_assert_sbx_ok(
            sbx_descriptor_copy(&worlds->files[i].before, &worlds->files[i].now, &err), &err);
}

void worlds_close(struct worlds *worlds)
{
    size_t i;

    for (i = 0; i < worlds->file_count; i++) {
        sbx_descriptor_done(&worlds->files[i].before);
        sbx_descriptor_done(&worlds->files[i].now);
    }
    memset(worlds, 0, sizeof(*worlds));
}

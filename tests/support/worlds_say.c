/* A world as text, and the end of a test. See worldcheck.h. */
#include "worldcheck.h"

#include <stdio.h>

static void print_list(const char *title, const struct sbx_acl *dacl)
{
    size_t i;

    printf("    %s%s\n", title,
        dacl->kind == SBX_ACL_LIST   ? ""
        : dacl->kind == SBX_ACL_NULL ? " NULL"
                                     : " none");
    for (i = 0; i < dacl->count; i++) {
        char text[SBX_SID_TEXT_SIZE];

        sbx_sid_format(&dacl->aces[i].sid, text);
        printf("      %s %02x %08x %s\n", dacl->aces[i].type ? "deny " : "allow",
            dacl->aces[i].flags, (unsigned)dacl->aces[i].mask, text);
    }
}

static void print_node(size_t node)
{
    const struct worlds_node *at = &worlds.nodes[node];
    const struct worlds_file *file = &worlds.files[at->file];
    char owner[SBX_SID_TEXT_SIZE];

    sbx_sid_format(&file->before.owner, owner);
    printf("  %zu %s%s%s links %u owner %s control %x:%s%s%s%s%s%s%s\n", node, at->path,
        at->is_directory ? "\\" : "", at->is_reparse ? " reparse" : "", file->links, owner,
        file->before.control, verdicts[node].in_root ? " in-root" : "",
        verdicts[node].locked ? " locked" : "", verdicts[node].held ? " held" : "",
        verdicts[node].may_write ? " write" : "", verdicts[node].may_delete ? " delete" : "",
        at->reached ? " reached" : "", at->left ? " left" : "");
    if (at->gitdir != SIZE_MAX)
        printf("    gitdir %zu commondir %zd\n", at->gitdir, (ssize_t)at->commondir);
    print_list("before", &file->before.dacl);
    print_list("now", &file->now.dacl);
}

void print_world(void)
{
    size_t i;

    printf("  %s %s git:%s %s cwd %s\n", policy.elevated ? "elevated" : "unelevated",
        policy.read_only ? "read-only" : "workspace-write", policy.git_write ? "write" : "deny",
        sbx_token_choice_name(policy.recipe), worlds.nodes[policy.cwd].path);
    for (i = 0; i < policy.allow_count; i++)
        printf("  allowWrite %s\n", worlds.nodes[policy.allow[i]].path);
    for (i = 0; i < policy.deny_count; i++)
        printf("  denyWrite %s\n", worlds.nodes[policy.deny[i]].path);
    for (i = 0; i < worlds.node_count; i++)
        print_node(i);
    fflush(stdout);
}

void broken(size_t node, const char *what, uint32_t mask)
{
    size_t parent = worlds.nodes[node].parent;

    if (verbose) {
        print_world();
    } else {
        if (parent != SIZE_MAX)
            print_node(parent);
        print_node(node);
        fflush(stdout);
    }
    ck_abort_msg("SBX_SEED=%llu SBX_WORLD=%zu: '%s' %s (0x%08x)", (unsigned long long)seed,
        world_index, worlds.nodes[node].path, what, (unsigned)mask);
}

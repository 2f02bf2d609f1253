/* What must be true of each node of a world. See worldcheck.h; the exceptions are in test_worlds.c.
 */
#include "worldcheck.h"

#include "shared/core/inherit.h"

uint64_t seed;
size_t world_index;
bool verbose;
struct worlds worlds;
struct world w;
struct worlds_policy policy;
struct worlds_verdict verdicts[WORLDS_NODES];
struct sbx_access_token user, other;
uint32_t user_before[WORLDS_NODES], other_before[WORLDS_NODES];
struct worlds_token child, idle, stranger; /* the run, the same read-only, another session */
/* What each of them may now; see look(). */
uint32_t user_now[WORLDS_NODES], other_now[WORLDS_NODES], child_now[WORLDS_NODES];

/* --- rights ------------------------------------------------------------------------------------
 */

const struct worlds_file *file_of(size_t node)
{
    return &worlds.files[worlds.nodes[node].file];
}

uint32_t now(size_t node, const struct sbx_access_token *token)
{
    return worlds_rights(&file_of(node)->now, token, 0);
}

/* After each granting: an access check costs more than all the rest. */
void look(void)
{
    size_t i;

    for (i = 0; i < worlds.node_count; i++) {
        user_now[i] = now(i, &user);
        other_now[i] = now(i, &other);
        child_now[i] = now(i, &child.why.token);
    }
}

uint32_t before(size_t node, const struct sbx_access_token *token)
{
    return worlds_rights(&file_of(node)->before, token, 0);
}

/* Has every entry that was meant for it. */
bool is_stamped(size_t node)
{
    return worlds.nodes[node].reached && !worlds.nodes[node].left &&
           !worlds.nodes[node].is_reparse && file_of(node)->now.dacl.kind == SBX_ACL_LIST &&
           (worlds.nodes[node].is_directory || file_of(node)->links == 1);
}

static bool deletes(uint32_t rights, uint32_t parent_rights)
{
    return (rights & SBX_DELETE) || (parent_rights & SBX_FILE_DELETE_CHILD);
}

/* Owns it, also through a group. */
static bool owns(size_t node, const struct sbx_access_token *token)
{
    const struct sbx_sid *owner = &file_of(node)->before.owner;
    bool found = sbx_sid_equal(owner, &token->user);
    size_t i;

    for (i = 0; i < token->group_count; i++)
        found = found || sbx_sid_equal(owner, &token->groups[i].sid);
    return found;
}

/*
 * In elevated mode OWNER RIGHTS ends the implicit rights of the user over an object of his own on
 * which the world denies him READ_CONTROL or WRITE_DAC. He has to take it back as an administrator.
 */
bool is_locked_out(size_t node)
{
    return policy.elevated && owns(node, &user) &&
           (worlds_denied(&file_of(node)->before, &user) & (SBX_READ_CONTROL | SBX_WRITE_DAC));
}

/* --- the boundary ------------------------------------------------------------------------------
 */

/* Nothing that the policy does not give. */
void check_refused(size_t node)
{
    const struct worlds_verdict *verdict = &verdicts[node];
    uint32_t rights = child_now[node];
    uint32_t given = worlds_given(&file_of(node)->before, &child);
    size_t parent = worlds.nodes[node].parent;

    if (verdict->in_root && verdict->locked && is_stamped(node))
        given = 0; /* our deny comes first, whatever the world gave */
    if (!verdict->may_write)
        CHECK(node, rights & WRITES & ~given, "may not be written, and is");
    CHECK(node, rights & CONTROL & ~given, "gives control of its access list");
    if (!verdict->may_delete && (!verdict->held || !is_stamped(node)))
        CHECK(node, rights & SBX_DELETE & ~given, "may not be deleted, and is");
    if (verdict->held && is_stamped(node))
        CHECK(node, rights & SBX_DELETE, "must stay, and can be deleted");
    /* Inside a root the parent's entries close what pass 2 does not see. */
    if (verdict->below_root && !verdict->may_delete && is_stamped(parent) &&
        (verdict->held || (verdict->locked && verdicts[parent].locked)))
        CHECK(node, child_now[parent] & SBX_FILE_DELETE_CHILD,
            "can be deleted by a right on its directory");
}

/* Under the reading where pass 2 sees the mapping's write bits only. */
void check_refused_mapping_only(size_t node)
{
    const struct worlds_verdict *verdict = &verdicts[node];
    uint32_t rights =
        worlds_rights(&file_of(node)->now, &child.why.token, SBX_READING_MAPPING_ONLY);
    bool is_denied = verdict->in_root && verdict->locked && is_stamped(node);

    if (!verdict->may_write)
        CHECK(node,
            rights & WRITES & ~(is_denied ? 0 : worlds_given(&file_of(node)->before, &child)),
            "may not be written (mapping only), and is");
    /* The deny for the group is in pass 1, which every reading asks. */
    if (policy.elevated && is_denied)
        CHECK(node, rights & (SBX_DELETE | CONTROL), "is denied (mapping only), and is not");
    if (policy.elevated && verdict->held && is_stamped(node))
        CHECK(node, rights & SBX_DELETE, "must stay (mapping only), and can be deleted");
}

/* All that the policy gives, where the world does not deny it. */
void check_granted(size_t node)
{
    uint32_t rights = child_now[node];
    uint32_t denied = worlds_denied(&file_of(node)->before, &child.why.token);

    if (!is_stamped(node))
        return;
    if (verdicts[node].may_write)
        CHECK(node, WRITES & ~rights & ~denied, "may be written, and is not");
    if (verdicts[node].may_delete)
        CHECK(node, SBX_DELETE & ~rights & ~denied, "may be deleted, and is not");
}

/* What the command, or the user, makes in a directory. */
void check_made_in(size_t node, bool is_directory, const struct sbx_sid *owner)
{
    struct sbx_creator creator = {*owner, sbx_sid_users, &child.plan.default_dacl};
    struct sbx_descriptor made, without;
    struct sbx_error err;
    uint32_t rights, given, denied;

    memset(&made, 0, sizeof(made));
    memset(&without, 0, sizeof(without));
    ck_assert_sbx_ok(
        sbx_inherit_create(&file_of(node)->now, NULL, is_directory, &creator, &made, &err), &err);
    ck_assert_sbx_ok(
        sbx_inherit_create(&file_of(node)->before, NULL, is_directory, &creator, &without, &err),
        &err);
    rights = worlds_rights(&made, &child.why.token, 0);
    given = worlds_given(&without, &child);
    if (without.dacl.count == 0)
        given = 0; /* no default list where the directory passes our entries on */
    denied = worlds_denied(&without, &child.why.token);
    if (verdicts[node].locked) {
        CHECK(node, rights & (WRITES | SBX_DELETE | CONTROL), "what is made here can be changed");
    } else {
        CHECK(node, (WRITES | SBX_DELETE) & ~rights & ~denied, "what is made here is no use");
        /* CREATOR OWNER of the world gives the account what OWNER RIGHTS takes away. */
        CHECK(node, rights & CONTROL & ~given & ~denied, "what is made here can be opened up");
        CHECK(node,
            SBX_FILE_ALL & ~worlds_rights(&made, &user, 0) & ~worlds_denied(&without, &user),
            "what is made here is not the user's");
    }
    CHECK(node, worlds_rights(&made, &idle.why.token, 0) & WRITES & ~worlds_given(&without, &idle),
        "what is made here is open to a read-only run");
    sbx_descriptor_done(&made);
    sbx_descriptor_done(&without);
}

/* --- nobody else -------------------------------------------------------------------------------
 */

/*
 * Nothing is written at all, except denies on what a `.git` file names and the right to read a
 * root, both for SIDs that nobody else has. A file with a name outside may have another inside,
 * where it is never written.
 */
void check_outside(size_t node)
{
    if (verdicts[node].in_root)
        return;
    if (!worlds_is_git_target(&worlds, &policy, node) &&
        !(policy.elevated && verdicts[node].in_asked)) {
        if (!sbx_descriptor_equal(&file_of(node)->before, &file_of(node)->now))
            broken(node, "is outside the roots and was changed", 0);
        return;
    }
    CHECK(node, user_before[node] ^ user_now[node], "changed for the user");
    CHECK(node, other_before[node] ^ other_now[node], "changed for another user");
}

/*
 * Inside: the user loses nothing but FILE_DELETE_CHILD, and another user nothing. In elevated mode
 * OWNER RIGHTS ends what owners have without an entry: another user loses that, the user only
 * where the world denies it to him.
 */
void check_inside(size_t node, bool runs)
{
    size_t parent = worlds.nodes[node].parent;
    uint32_t mine = user_now[node];
    uint32_t lost = user_before[node] & ~mine & ~SBX_FILE_DELETE_CHILD;
    uint32_t lost_by_other = other_before[node] & ~other_now[node];

    if (!verdicts[node].in_root)
        return;
    if (is_locked_out(node))
        lost &=
            ~(worlds_denied(&file_of(node)->before, &user) & (SBX_READ_CONTROL | SBX_WRITE_DAC));
    CHECK(node, lost, "was taken from the user");
    if (policy.elevated && owns(node, &other))
        lost_by_other &= ~(SBX_READ_CONTROL | SBX_WRITE_DAC);
    CHECK(node, lost_by_other, "was taken from another user");
    CHECK(node, other_now[node] & ~other_before[node], "was given to another user");
    if (!verdicts[node].below_root || !deletes(user_before[node], user_before[parent]) ||
        deletes(mine, user_now[parent]))
        return;
    /* When a root could not be granted, the user has nothing from it on its children. */
    if (runs && is_stamped(node) && !(worlds_denied(&file_of(node)->before, &user) & SBX_DELETE))
        broken(node, "cannot be deleted by the user any more", 0);
}

void check_other_sessions(size_t node)
{
    uint32_t changes = WRITES | SBX_DELETE | CONTROL;

    CHECK(node, now(node, &idle.why.token) & changes & ~worlds_given(&file_of(node)->before, &idle),
        "is written by a read-only run");
    CHECK(node,
        now(node, &stranger.why.token) & changes & ~worlds_given(&file_of(node)->before, &stranger),
        "is written by another session");
}

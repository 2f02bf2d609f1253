/*
 * The property that the file boundary rests on, over random machines (tests/support/worlds.h):
 * what the policy allows is what the access check grants to the planned token on the planned
 * descriptors, for every path; and nothing changes outside the roots, for anyone.
 *
 * Exceptions, each asserted as narrowly as it is documented:
 *   given     what the world's own lists give Everyone, the logon SID or the account, where we do
 *             not deny it (design 2: `isolated` and `standard` restrict to Everyone)
 *   left      what the engine must not write (grants.h, MUST 5) or may not: the world decides there
 *   denied    what the world's own lists deny stays denied
 *   child     FILE_DELETE_CHILD is not in pass 2 (accesscheck.h): in unelevated mode everything
 *             that the user may delete outside the roots, the child may delete
 *
 * SBX_SEED=n repeats a run, SBX_WORLDS=n sets how many, SBX_WORLD=i does the i-th only and prints
 * it.
 */
#include <stdio.h>

#include "shared/core/capsid.h"
#include "shared/core/inherit.h"
#include "tests/support/unit.h"
#include "tests/support/worlds.h"

#ifdef _WIN32
#define WORLDS_DEFAULT 600u
#else
#define WORLDS_DEFAULT 10000u
#endif
#define PARTS 10

/* The rights that change a file, or what is in a directory. */
#define WRITES                                                                                     \
    (SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA | SBX_FILE_WRITE_EA | SBX_FILE_WRITE_ATTRIBUTES)
#define CONTROL (SBX_WRITE_DAC | SBX_WRITE_OWNER)

static uint64_t seed;
static size_t world_index;
static bool verbose;
static struct worlds worlds;
static struct world w;
static struct worlds_policy policy;
static struct worlds_verdict verdicts[WORLDS_NODES];
static struct sbx_access_token user, other;
static uint32_t user_before[WORLDS_NODES], other_before[WORLDS_NODES];
static struct worlds_token child, idle, stranger; /* the run, the same read-only, another session */
static size_t started, refused;
/* What each of them may now; see look(). */
static uint32_t user_now[WORLDS_NODES], other_now[WORLDS_NODES], child_now[WORLDS_NODES];

/* --- saying what went wrong --------------------------------------------------------------------
 */

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

static void print_world(void)
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

static void broken(size_t node, const char *what, uint32_t mask)
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

#define CHECK(node, mask, what)                                                                    \
    do {                                                                                           \
        if (mask)                                                                                  \
            broken((node), (what), (mask));                                                        \
    } while (0)

/* --- rights ------------------------------------------------------------------------------------
 */

static const struct worlds_file *file_of(size_t node)
{
    return &worlds.files[worlds.nodes[node].file];
}

static uint32_t now(size_t node, const struct sbx_access_token *token)
{
    return worlds_rights(&file_of(node)->now, token, 0);
}

/* After each granting: an access check costs more than all the rest. */
static void look(void)
{
    size_t i;

    for (i = 0; i < worlds.node_count; i++) {
        user_now[i] = now(i, &user);
        other_now[i] = now(i, &other);
        child_now[i] = now(i, &child.why.token);
    }
}

static uint32_t before(size_t node, const struct sbx_access_token *token)
{
    return worlds_rights(&file_of(node)->before, token, 0);
}

/* Has every entry that was meant for it. */
static bool is_stamped(size_t node)
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
static bool is_locked_out(size_t node)
{
    return policy.elevated && owns(node, &user) &&
           (worlds_denied(&file_of(node)->before, &user) & (SBX_READ_CONTROL | SBX_WRITE_DAC));
}

/* --- the boundary ------------------------------------------------------------------------------
 */

/* Nothing that the policy does not give. */
static void check_refused(size_t node)
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
static void check_refused_mapping_only(size_t node)
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
static void check_granted(size_t node)
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
static void check_made_in(size_t node, bool is_directory, const struct sbx_sid *owner)
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
static void check_outside(size_t node)
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
static void check_inside(size_t node, bool runs)
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

static void check_other_sessions(size_t node)
{
    uint32_t changes = WRITES | SBX_DELETE | CONTROL;

    CHECK(node, now(node, &idle.why.token) & changes & ~worlds_given(&file_of(node)->before, &idle),
        "is written by a read-only run");
    CHECK(node,
        now(node, &stranger.why.token) & changes & ~worlds_given(&file_of(node)->before, &stranger),
        "is written by another session");
}

/* --- one world ---------------------------------------------------------------------------------
 */

static size_t capabilities(struct sbx_sid *sids)
{
    struct sbx_error err;
    size_t i;

    for (i = 0; i < w.plan.capability_sids.count; i++)
        ck_assert_sbx_ok(sbx_sid_parse(w.plan.capability_sids.items[i], &sids[i], &err), &err);
    return w.plan.capability_sids.count;
}

/* A root without an access list is refused, and nothing else of these worlds is. */
static bool plan(void)
{
    struct sbx_error err;
    enum sbx_status status;
    bool refusable = false;
    size_t i;

    worlds_facts(&worlds, &policy, &w);
    worlds_judge(&worlds, &policy, verdicts);
    for (i = 0; i < worlds.node_count; i++)
        refusable = refusable || (worlds_is_root(&worlds, &policy, i) &&
                                     file_of(i)->now.dacl.kind != SBX_ACL_LIST);
    status = world_plan(&w, &err);
    if (refusable) {
        ck_assert_int_eq(status, SBX_DENIED);
        return false;
    }
    if (status)
        print_world();
    ck_assert_sbx_ok(status, &err);
    return true;
}

static void make_tokens(void)
{
    struct sbx_sid sids[WORLDS_LIST + 1];
    size_t count = capabilities(sids);
    struct sbx_sid foreign;
    uint8_t id[16] = {0x5e, 0x55, 0x10, 0x0b};
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_capsid_for_root(WORLD_CALLER, "{d0000000-0000-0000-0000-000000000000}", id,
                         &foreign, &err),
        &err);
    worlds_token_planned(&worlds, &w.plan, sids, count, &child);
    worlds_token_planned(&worlds, &w.plan, NULL, 0, &idle);
    worlds_token_planned(&worlds, &w.plan, &foreign, 1, &stranger);
}

static void done(void)
{
    worlds_token_done(&child);
    worlds_token_done(&idle);
    worlds_token_done(&stranger);
    world_close(&w);
}

/*
 * A run that has one of the roots only, started before these grants were made: each deny names
 * every capability that reaches the object.
 */
static void check_single_capabilities(void)
{
    struct worlds_token one;
    struct sbx_error err;
    size_t i, k;

    for (k = 0; w.plan.capability_sids.count > 1 && k < w.plan.root_count; k++) {
        const struct sbx_plan_root *root = &w.plan.roots[k];
        struct sbx_sid sid;

        if (!root->writable)
            continue;
        ck_assert_sbx_ok(sbx_sid_parse(root->capability_sid, &sid, &err), &err);
        worlds_token_planned(&worlds, &w.plan, &sid, 1, &one);
        for (i = 0; i < worlds.node_count; i++)
            if (verdicts[i].locked && is_stamped(i) &&
                worlds_is_in(&worlds, worlds_find(&worlds, root->path), i))
                CHECK(i, now(i, &one.why.token) & WRITES, "may be written by a run with one root");
        worlds_token_done(&one);
    }
}

static void check_all(bool runs)
{
    size_t i;

    look();
    for (i = 0; i < worlds.node_count; i++) {
        check_outside(i);
        check_inside(i, runs);
        check_other_sessions(i);
        if (!runs)
            continue;
        check_refused(i);
        check_refused_mapping_only(i);
        check_granted(i);
        if (!verdicts[i].in_root || !is_stamped(i) || !worlds.nodes[i].is_directory)
            continue;
        check_made_in(i, false, policy.elevated ? &worlds.account : &worlds.caller);
        check_made_in(i, true, policy.elevated ? &worlds.account : &worlds.caller);
        if (verdicts[i].locked)
            check_made_in(i, false, &worlds.caller);
    }
}

/* An earlier, wider policy left its grants: the narrower run has no use of them. */
static void check_narrower(void)
{
    struct worlds_policy narrow;
    size_t i;
    bool runs;

    worlds_policy_narrow(&worlds, &policy, &narrow);
    policy = narrow;
    if (plan()) {
        make_tokens();
        runs = worlds_apply(&worlds, &w.plan);
        look();
        for (i = 0; runs && i < worlds.node_count; i++)
            if (!is_locked_out(i)) /* its old grant could not be read, let alone denied */
                check_refused(i);
    }
    done();
}

/*
 * The same grants again: nothing is written. Only a directory that the user could not list before
 * is entered now, because the first time gave the user full access to it.
 */
static void check_again(bool ran)
{
    unsigned reached[WORLDS_NODES];
    bool farther = false;
    bool runs;
    size_t i;

    for (i = 0; i < worlds.node_count; i++)
        reached[i] = worlds.nodes[i].reached;
    runs = worlds_apply(&worlds, &w.plan);
    for (i = 0; i < worlds.node_count; i++) {
        farther = farther || worlds.nodes[i].reached > reached[i];
        if (reached[i] == worlds.nodes[i].reached && worlds.nodes[i].written)
            broken(i, "was written again by the same grants", 0);
    }
    if (!runs && is_locked_out(worlds.reason_node))
        return;
    if (ran && !runs && !farther)
        broken(worlds.reason_node, worlds.reason, 0);
}

static void check_world(void)
{
    bool runs;
    size_t i;

    worlds_policy_make(&worlds, &policy);
    user = worlds_token_user(&worlds);
    other = worlds_token_other(&worlds);
    for (i = 0; i < worlds.node_count; i++) {
        user_before[i] = before(i, &user);
        other_before[i] = before(i, &other);
    }
    if (!plan()) {
        done();
        refused++;
        return;
    }
    make_tokens();
    runs = worlds_apply(&worlds, &w.plan);
    if (verbose)
        print_world();
    started += runs;
    check_all(runs);
    if (runs)
        check_single_capabilities();
    check_again(runs);
    done();
    check_narrower();
}

/* --- the run -----------------------------------------------------------------------------------
 */

static size_t number(const char *name, size_t otherwise)
{
    const char *text = getenv(name);

    return text ? (size_t)strtoull(text, NULL, 0) : otherwise;
}

START_TEST(worlds__random_policy_and_machine__grant_what_is_allowed_and_nothing_else)
{
    size_t only = number("SBX_WORLD", SIZE_MAX);
    size_t count = number("SBX_WORLDS", WORLDS_DEFAULT);

    verbose = only != SIZE_MAX;
    started = refused = 0;
    for (world_index = (size_t)_i; world_index < count || verbose; world_index += PARTS) {
        uint64_t mixed = seed + world_index * 0x9E3779B97F4A7C15u;

        if (verbose && world_index != only) {
            if (world_index > only)
                break;
            continue;
        }
        worlds_open(&worlds, unit_random(&mixed));
        check_world();
        worlds_close(&worlds);
    }
    /* Worlds in which nothing can start show nothing. */
    if (!verbose && count >= 1000)
        ck_assert_uint_gt(started * PARTS, count / 3);
}
END_TEST

static void add_tests(TCase *tcase)
{
    seed = unit_seed();
    tcase_add_loop_test(
        tcase, worlds__random_policy_and_machine__grant_what_is_allowed_and_nothing_else, 0, PARTS);
}

UNIT_MAIN("worlds", add_tests)

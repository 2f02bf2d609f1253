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
#include "tests/support/worldcheck.h"

#ifdef _WIN32
#define WORLDS_DEFAULT 600u
#else
#define WORLDS_DEFAULT 10000u
#endif
#define PARTS 10

static size_t started, refused;

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

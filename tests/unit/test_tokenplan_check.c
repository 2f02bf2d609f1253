/* The proof of a token: as planned it passes, and each fact broken once, on purpose, is named. */
#include "tests/support/tokencase.h"
#include "tests/support/unit.h"

#include <stdio.h>

static struct sbx_error err;

static void name_it(struct sbx_privilege *privilege, const char *name)
{
    snprintf(privilege->name, sizeof(privilege->name), "%s", name);
}

/* Facts of a token that is exactly as planned. */
static void facts_of(const struct sbx_tokenplan *plan, struct sbx_token_facts *facts)
{
    size_t i;

    memset(facts, 0, sizeof(*facts));
    for (i = 0; i < SBX_FACT_COUNT; i++)
        facts->status[i].state = SBX_FACT_READ;
    facts->kernel_major = 10;
    facts->primary = true;
    facts->user_sid = plan->user_sid;
    facts->restricted = true;
    facts->has_restrictions = true;
    facts->flags = SBX_TOKENFLAG_WRITE_RESTRICTED;
    facts->read_without_restricting = true;
    facts->write_with_restricting = true;
    facts->integrity_sid = plan->integrity_sid;
    facts->privileges.count = 1;
    name_it(&facts->privileges.items[0], plan->kept_privilege);
    /* The kernel may list restricting SIDs in another order. */
    for (i = plan->restricting.count; i-- > 0;)
        ck_assert_sbx_ok(
            sbx_groups_add(&facts->restricting, &plan->restricting.items[i].sid, PLAIN, &err),
            &err);
    for (i = 0; i < plan->groups.count; i++)
        ck_assert_sbx_ok(sbx_groups_add(&facts->groups, &plan->groups.items[i].sid,
                             sbx_groups_find(&plan->disable, &plan->groups.items[i].sid)
                                 ? SBX_GROUP_DENY_ONLY
                                 : plan->groups.items[i].attributes,
                             &err),
            &err);
    ck_assert_sbx_ok(sbx_groups_add(&facts->groups, &sbx_sid_medium_label, 0x60, &err), &err);
    ck_assert_sbx_ok(sbx_acl_copy(&plan->default_dacl, &facts->default_dacl, &err), &err);
}

static void break_type(struct sbx_token_facts *facts)
{
    facts->primary = false;
}
static void break_user(struct sbx_token_facts *facts)
{
    facts->user_sid.sub[4]++;
}
static void break_user_deny(struct sbx_token_facts *facts)
{
    facts->user_attributes = SBX_GROUP_DENY_ONLY;
}
static void break_restricted(struct sbx_token_facts *facts)
{
    facts->restricted = false;
}
static void break_filtered(struct sbx_token_facts *facts)
{
    facts->has_restrictions = false;
}
static void break_list_missing(struct sbx_token_facts *facts)
{
    facts->restricting.count--;
}
static void break_list_empty(struct sbx_token_facts *facts)
{
    facts->restricting.count = 0;
}
static void break_list_more(struct sbx_token_facts *facts)
{
    ck_assert_sbx_ok(sbx_groups_add(&facts->restricting, &sbx_sid_users, PLAIN, &err), &err);
}
static void break_list_swapped(struct sbx_token_facts *facts)
{
    facts->restricting.items[0].sid = sbx_sid_authenticated;
}
static void break_list_doubled(struct sbx_token_facts *facts)
{
    facts->restricting.items[0] = facts->restricting.items[1];
}
static void break_flags(struct sbx_token_facts *facts)
{
    facts->flags = ~SBX_TOKENFLAG_WRITE_RESTRICTED;
}
static void break_write_open(struct sbx_token_facts *facts)
{
    facts->write_without_restricting = true;
}
static void break_read_closed(struct sbx_token_facts *facts)
{
    facts->read_without_restricting = false;
}
static void break_write_closed(struct sbx_token_facts *facts)
{
    facts->write_with_restricting = false;
}
static void break_privilege(struct sbx_token_facts *facts)
{
    name_it(&facts->privileges.items[0], "SeDebugPrivilege");
}
static void break_privilege_more(struct sbx_token_facts *facts)
{
    name_it(&facts->privileges.items[facts->privileges.count++], "SeBackupPrivilege");
}
static struct sbx_group *group_of(struct sbx_token_facts *facts, const char *text)
{
    struct sbx_sid wanted = tokencase_sid(text);
    size_t i;

    for (i = 0; i < facts->groups.count; i++)
        if (sbx_sid_equal(&facts->groups.items[i].sid, &wanted))
            return &facts->groups.items[i];
    ck_abort_msg("no group %s", text);
    return NULL;
}
static void break_admins(struct sbx_token_facts *facts)
{
    group_of(facts, "S-1-5-32-544")->attributes = PLAIN;
}
static void break_admins_both(struct sbx_token_facts *facts)
{
    group_of(facts, "S-1-5-32-544")->attributes = SBX_GROUP_DENY_ONLY | SBX_GROUP_ENABLED;
}
static void break_domain_admins(struct sbx_token_facts *facts)
{
    group_of(facts, "S-1-5-21-1-2-3-512")->attributes = PLAIN;
}
static void break_logon(struct sbx_token_facts *facts)
{
    group_of(facts, LOGON)->attributes = PLAIN | SBX_GROUP_LOGON_ID;
}
static void break_group_gone(struct sbx_token_facts *facts)
{
    group_of(facts, "S-1-5-32-544")->sid = sbx_sid_users;
}
static void break_group_new(struct sbx_token_facts *facts)
{
    group_of(facts, "S-1-5-4")->sid.sub[0] = 6;
}
static void break_group_revived(struct sbx_token_facts *facts)
{
    group_of(facts, "S-1-5-114")->attributes = 0;
}
static void break_integrity(struct sbx_token_facts *facts)
{
    facts->integrity_sid.sub[0] = 12288;
}
static void break_dacl_mask(struct sbx_token_facts *facts)
{
    facts->default_dacl.aces[1].mask |= 1;
}
static void break_dacl_everyone(struct sbx_token_facts *facts)
{
    facts->default_dacl.aces[0].sid = sbx_sid_everyone;
}
static void break_dacl_null(struct sbx_token_facts *facts)
{
    sbx_acl_done(&facts->default_dacl);
    facts->default_dacl.kind = SBX_ACL_NULL;
}
static void break_dacl_more(struct sbx_token_facts *facts)
{
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_GENERIC_ALL, &sbx_sid_users);

    ck_assert_sbx_ok(sbx_acl_insert(&facts->default_dacl, 0, &ace, &err), &err);
}

struct broken {
    const char *name;
    enum sbx_token_fact fact;
    void (*damage)(struct sbx_token_facts *facts);
};

static const struct broken broken_rows[] = {
    {"impersonation token", SBX_FACT_TYPE, break_type},
    {"another user", SBX_FACT_USER, break_user},
    {"deny-only user", SBX_FACT_USER, break_user_deny},
    {"not restricted", SBX_FACT_RESTRICTED, break_restricted},
    {"never filtered", SBX_FACT_HAS_RESTRICTIONS, break_filtered},
    {"one restricting SID fewer", SBX_FACT_RESTRICTING_SIDS, break_list_missing},
    {"no restricting SID", SBX_FACT_RESTRICTING_SIDS, break_list_empty},
    {"Users restricting", SBX_FACT_RESTRICTING_SIDS, break_list_more},
    {"Authenticated Users instead of one", SBX_FACT_RESTRICTING_SIDS, break_list_swapped},
    {"one restricting SID twice", SBX_FACT_RESTRICTING_SIDS, break_list_doubled},
    {"not write-restricted", SBX_FACT_FLAGS, break_flags},
    {"writes with the user's right", SBX_FACT_ACCESS_CHECK, break_write_open},
    {"reads are restricted", SBX_FACT_ACCESS_CHECK, break_read_closed},
    {"run SID without effect", SBX_FACT_ACCESS_CHECK, break_write_closed},
    {"another privilege", SBX_FACT_PRIVILEGES, break_privilege},
    {"one more privilege", SBX_FACT_PRIVILEGES, break_privilege_more},
    {"Administrators enabled", SBX_FACT_GROUPS, break_admins},
    {"Administrators both", SBX_FACT_GROUPS, break_admins_both},
    {"Domain Admins enabled", SBX_FACT_GROUPS, break_domain_admins},
    {"logon SID enabled", SBX_FACT_GROUPS, break_logon},
    {"a group vanished", SBX_FACT_GROUPS, break_group_gone},
    {"a group appeared", SBX_FACT_GROUPS, break_group_new},
    {"deny-only revived", SBX_FACT_GROUPS, break_group_revived},
    {"high integrity", SBX_FACT_INTEGRITY, break_integrity},
    {"default DACL mask", SBX_FACT_DEFAULT_DACL, break_dacl_mask},
    {"default DACL for Everyone", SBX_FACT_DEFAULT_DACL, break_dacl_everyone},
    {"NULL default DACL", SBX_FACT_DEFAULT_DACL, break_dacl_null},
    {"default DACL with Users", SBX_FACT_DEFAULT_DACL, break_dacl_more},
};

struct proof {
    struct sbx_tokenplan plan;
    struct sbx_token_facts facts;
    struct sbx_findings findings;
};

static void proof_begin(struct proof *proof)
{
    struct sbx_tokenplan_input input = tokencase_input(SBX_TOKEN_STRICT, false);

    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &proof->plan, &err), &err);
    facts_of(&proof->plan, &proof->facts);
    sbx_findings_init(&proof->findings);
}

static void proof_end(struct proof *proof)
{
    sbx_token_facts_done(&proof->facts);
    sbx_tokenplan_done(&proof->plan);
}

START_TEST(tokenplan_check__as_planned__passes)
{
    struct proof proof;

    proof_begin(&proof);
    ck_assert_sbx_ok(sbx_tokenplan_check(&proof.plan, &proof.facts, &proof.findings, &err), &err);
    ck_assert_uint_eq(proof.findings.count, 0);
    proof_end(&proof);
}
END_TEST

START_TEST(tokenplan_check__one_fact_broken__is_named)
{
    const struct broken *row = &broken_rows[_i];
    const char *name = sbx_token_fact_name(row->fact);
    struct proof proof;

    proof_begin(&proof);
    row->damage(&proof.facts);
    ck_assert_msg(
        sbx_tokenplan_check(&proof.plan, &proof.facts, &proof.findings, &err) == SBX_UNPROVEN,
        "%s was not caught", row->name);
    ck_assert_msg(strstr(err.context, name) != NULL, "%s: %s", row->name, err.context);
    ck_assert_msg(proof.findings.count == 1 && sbx_findings_has(&proof.findings, name),
        "%s: %zu findings", row->name, proof.findings.count);
    /* Without a list of findings the verdict is the same. */
    ck_assert_int_eq(sbx_tokenplan_check(&proof.plan, &proof.facts, NULL, &err), SBX_UNPROVEN);
    proof_end(&proof);
}
END_TEST

START_TEST(tokenplan_check__fact_not_read_or_failed__is_named)
{
    const char *name = sbx_token_fact_name((enum sbx_token_fact)_i);
    struct proof proof;

    proof_begin(&proof);
    proof.facts.status[_i].state = SBX_FACT_NOT_READ;
    ck_assert_int_eq(sbx_tokenplan_check(&proof.plan, &proof.facts, NULL, &err), SBX_UNPROVEN);
    ck_assert_msg(strstr(err.context, name) != NULL, "%s", err.context);
    proof.facts.status[_i].state = SBX_FACT_FAILED;
    proof.facts.status[_i].code = 1;
    ck_assert_int_eq(sbx_tokenplan_check(&proof.plan, &proof.facts, NULL, &err), SBX_UNPROVEN);
    ck_assert_msg(strstr(err.context, "ERROR_INVALID_FUNCTION (1)") != NULL, "%s", err.context);
    proof_end(&proof);
}
END_TEST

/* Absent is believed for three facts, and only on a kernel older than Vista's. */
START_TEST(tokenplan_check__absent_fact__only_before_vista)
{
    enum sbx_token_fact fact = (enum sbx_token_fact)_i;
    bool may =
        fact == SBX_FACT_INTEGRITY || fact == SBX_FACT_FLAGS || fact == SBX_FACT_HAS_RESTRICTIONS;
    struct proof proof;

    proof_begin(&proof);
    proof.facts.status[fact].state = SBX_FACT_ABSENT;
    ck_assert_int_eq(sbx_tokenplan_check(&proof.plan, &proof.facts, NULL, &err), SBX_UNPROVEN);
    proof.facts.kernel_major = 6;
    ck_assert_int_eq(sbx_tokenplan_check(&proof.plan, &proof.facts, NULL, &err), SBX_UNPROVEN);
    proof.facts.kernel_major = 0;
    ck_assert_int_eq(sbx_tokenplan_check(&proof.plan, &proof.facts, NULL, &err), SBX_UNPROVEN);
    proof.facts.kernel_major = 5;
    ck_assert_int_eq(
        sbx_tokenplan_check(&proof.plan, &proof.facts, NULL, &err), may ? SBX_OK : SBX_UNPROVEN);
    proof_end(&proof);
}
END_TEST

START_TEST(tokenplan_check__nothing_read__names_every_fact)
{
    struct sbx_token_facts nothing = {0};
    struct proof proof;
    size_t i;

    proof_begin(&proof);
    ck_assert_int_eq(
        sbx_tokenplan_check(&proof.plan, &nothing, &proof.findings, &err), SBX_UNPROVEN);
    ck_assert_uint_eq(proof.findings.count, SBX_FACT_COUNT);
    for (i = 0; i < SBX_FACT_COUNT; i++)
        ck_assert(sbx_findings_has(&proof.findings, sbx_token_fact_name((enum sbx_token_fact)i)));
    proof_end(&proof);
}
END_TEST

START_TEST(findings__more_than_fit__are_counted)
{
    struct sbx_findings findings;
    size_t i;

    sbx_findings_init(&findings);
    ck_assert_int_eq(sbx_findings_refuse(&findings, "x", &err), SBX_OK);
    for (i = 0; i < SBX_FINDINGS_MAX + 5; i++)
        sbx_findings_add(&findings, "Fact", "%0300d", 7);
    ck_assert_uint_eq(findings.count, SBX_FINDINGS_MAX);
    ck_assert_uint_eq(findings.left_out, 5);
    ck_assert_str_eq(findings.items[0].text + SBX_FINDING_TEXT_MAX - 4, "...");
    ck_assert_int_eq(sbx_findings_refuse(&findings, "x", &err), SBX_UNPROVEN);
    ck_assert_ptr_nonnull(strstr(err.context, "and 44 more"));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, tokencase_setup, tokencase_teardown);
    tcase_add_test(tcase, tokenplan_check__as_planned__passes);
    tcase_add_loop_test(tcase, tokenplan_check__one_fact_broken__is_named, 0, countof(broken_rows));
    tcase_add_loop_test(
        tcase, tokenplan_check__fact_not_read_or_failed__is_named, 0, SBX_FACT_COUNT);
    tcase_add_loop_test(tcase, tokenplan_check__absent_fact__only_before_vista, 0, SBX_FACT_COUNT);
    tcase_add_test(tcase, tokenplan_check__nothing_read__names_every_fact);
    tcase_add_test(tcase, findings__more_than_fit__are_counted);
}

UNIT_MAIN("tokenplan_check", add_tests)

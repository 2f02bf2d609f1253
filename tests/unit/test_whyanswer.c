/*
 * whyanswer: the verdict, the entry behind it and what is said about it, on a small project D:\proj
 * of user U, for a write-restricted token of an unelevated run.
 */
#include "shared/core/whyanswer.h"

#include "tests/support/sdtext.h"
#include "tests/support/unit.h"
#include "tests/support/world.h"

#define PLAIN "U G (A OICI 1f01ff SY)(A OICI 1f01ff U)(A OICI 1200a9 AU)"
#define PLAIN_CHILD "U G (A OICIID 1f01ff SY)(A OICIID 1f01ff U)(A OICIID 1200a9 AU)"
#define PLAIN_FILE "U G (A ID 1f01ff SY)(A ID 1f01ff U)(A ID 1200a9 AU)"

static struct world w;
static struct sbx_error err;
static struct sbx_tokenplan tokenplan;
static struct sbx_groups groups;
static struct sbx_why_token token;
static struct sbx_creator creator;
static struct sbx_strings walked;

/* Descriptors of the question, parsed or computed; released by teardown. */
static struct sbx_descriptor kept[32];
static size_t kept_count;

static void setup(void)
{
    sbx_error_init(&err);
    world_open(&w);
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");
    memset(&walked, 0, sizeof(walked));
    kept_count = 0;
}

static void add_group(const char *text, uint32_t attributes)
{
    struct sbx_sid sid;

    ck_assert_sbx_ok(sbx_sid_parse(text, &sid, &err), &err);
    ck_assert_sbx_ok(sbx_groups_add(&groups, &sid, attributes, &err), &err);
}

/* Plan and token, after a test has changed the world. */
static void make_token(void)
{
    struct sbx_tokenplan_input input = {.recipe = SBX_TOKEN_STANDARD};
    struct sbx_sid capabilities[8];
    size_t i;

    world_must_plan(&w);
    add_group("S-1-1-0", 7);
    add_group("S-1-5-11", 7);
    add_group("S-1-5-32-544", 15);
    add_group(WORLD_LOGON, 7u | SBX_GROUP_LOGON_ID);
    for (i = 0; i < w.plan.capability_sids.count; i++)
        ck_assert_sbx_ok(
            sbx_sid_parse(w.plan.capability_sids.items[i], &capabilities[i], &err), &err);
    ck_assert_sbx_ok(sbx_sid_parse(w.plan.user_sid, &input.user_sid, &err), &err);
    ck_assert_sbx_ok(sbx_sid_parse(w.plan.run_sid, &input.run_sid, &err), &err);
    input.capability_sids = capabilities;
    input.capability_count = w.plan.capability_sids.count;
    input.groups = &groups;
    ck_assert_sbx_ok(sbx_tokenplan_make(&input, &tokenplan, &err), &err);
    ck_assert_sbx_ok(sbx_why_token_make(&tokenplan, &token, &err), &err);
    creator.owner = input.user_sid;
    creator.group = sd_sid("G");
    creator.default_dacl = &tokenplan.default_dacl;
}

static void teardown(void)
{
    while (kept_count)
        sbx_descriptor_done(&kept[--kept_count]);
    sbx_why_token_done(&token);
    sbx_tokenplan_done(&tokenplan);
    sbx_groups_done(&groups);
    sbx_strings_done(&walked);
    world_close(&w);
}

static const struct sbx_descriptor *parsed(const char *text)
{
    if (!text)
        return NULL;
    ck_assert_uint_lt(kept_count, countof(kept));
    sd_parse(text, &kept[kept_count]);
    return &kept[kept_count++];
}

static struct sbx_why_object object(const char *path, bool is_directory, const char *text)
{
    struct sbx_why_object result = {path, is_directory, false, 1, parsed(text)};

    return result;
}

/* As the object stands after the grants of a run. */
static struct sbx_why_object granted(const char *path, bool is_directory, const char *text)
{
    struct sbx_why_question question = {.plan = &w.plan, .token = &token.token};
    struct sbx_why_object result = object(path, is_directory, text);
    struct sbx_descriptor *after = NULL;

    ck_assert_uint_lt(kept_count, countof(kept));
    after = &kept[kept_count++];
    memset(after, 0, sizeof(*after));
    question.object = result;
    ck_assert_sbx_ok(sbx_why_planned(&question, &result, true, after, &err), &err);
    result.descriptor = after;
    return result;
}

static struct sbx_why_answer ask(
    enum sbx_why_op op, struct sbx_why_object of, struct sbx_why_object parent)
{
    struct sbx_why_question question = {.op = op,
        .object = of,
        .parent = parent,
        .walked = &walked,
        .plan = &w.plan,
        .token = &token.token,
        .creator = &creator};
    struct sbx_why_answer answer;

    if (parent.descriptor) {
        question.above = &question.parent;
        question.above_count = 1;
    }
    ck_assert_sbx_ok(sbx_why_ask(&question, &answer, &err), &err);
    return answer;
}

static void has_rule(const struct sbx_why_answer *answer, const char *why)
{
    if (!why) {
        ck_assert_ptr_null(answer->rule);
        return;
    }
    ck_assert_ptr_nonnull(answer->rule);
    ck_assert_str_eq(answer->rule->why, why);
}

static bool by_capability(const struct sbx_why_verdict *verdict)
{
    char sid[SBX_SID_TEXT_SIZE];

    sbx_sid_format(&verdict->step.sid, sid);
    return verdict->has_ace && strcmp(sid, world_planned(&w, WORLD_CWD)->capability_sid) == 0;
}

START_TEST(why__file_in_a_fresh_root__is_allowed_after_the_grant)
{
    struct sbx_why_answer a;

    make_token();
    a = ask(
        SBX_WHY_WRITE, object("D:\\proj\\a.c", false, PLAIN_FILE), object("D:\\proj", true, PLAIN));
    ck_assert(!a.now.granted && a.planned.granted && a.will_change);
    ck_assert_int_eq(a.now.step.reason, SBX_REASON_NO_ACE);
    ck_assert_int_eq(a.now.pass, SBX_PASS_RESTRICTED);
    ck_assert_int_eq(a.planned.pass, SBX_PASS_RESTRICTED);
    ck_assert(by_capability(&a.planned));
    ck_assert_uint_eq(a.planned.ace_mask, SBX_MASK_RWXD);
    has_rule(&a, "root-children");
    ck_assert(!a.moved_in && !a.outside && !a.left_over && !a.residual_delete);
}
END_TEST

START_TEST(why__root_itself__is_decided_by_its_explicit_entry)
{
    struct sbx_why_answer a;

    make_token();
    a = ask(SBX_WHY_WRITE, object("D:\\proj", true, PLAIN), object("D:\\", true, PLAIN));
    ck_assert(a.planned.granted && by_capability(&a.planned));
    ck_assert_uint_eq(a.planned.ace_mask, SBX_MASK_RWX);
    ck_assert_uint_eq(a.planned.ace_flags & SBX_ACE_INHERITED, 0);
    has_rule(&a, "root");
}
END_TEST

START_TEST(why__protected_directory_and_below__name_the_deny)
{
    struct sbx_why_answer a;

    make_token();
    a = ask(SBX_WHY_WRITE, granted("D:\\proj\\.git", true, PLAIN_CHILD),
        granted("D:\\proj", true, PLAIN));
    ck_assert(!a.planned.granted && !a.now.granted && !a.will_change);
    ck_assert_uint_eq(a.planned.ace_type, SBX_ACE_DENY);
    has_rule(&a, "protected");
    a = ask(SBX_WHY_WRITE, granted("D:\\proj\\.git\\config", false, PLAIN_FILE),
        granted("D:\\proj\\.git", true, PLAIN_CHILD));
    ck_assert(!a.planned.granted && by_capability(&a.planned));
    ck_assert_uint_eq(a.planned.ace_type, SBX_ACE_DENY);
    ck_assert(a.planned.ace_flags & SBX_ACE_INHERITED);
    has_rule(&a, "protected");
    /* Reads are open. */
    a = ask(SBX_WHY_READ, granted("D:\\proj\\.git\\config", false, PLAIN_FILE),
        granted("D:\\proj\\.git", true, PLAIN_CHILD));
    ck_assert(a.planned.granted);
    ck_assert_int_eq(a.planned.pass, SBX_PASS_NORMAL);
}
END_TEST

/* The right that Windows was seen to give by pass 1 alone. */
START_TEST(why__delete_in_a_directory_of_the_user__is_the_residual)
{
    struct sbx_why_answer a;

    make_token();
    a = ask(SBX_WHY_DELETE, object("D:\\other\\f", false, PLAIN_FILE),
        object("D:\\other", true, PLAIN));
    ck_assert(a.planned.granted && a.residual_delete && a.outside && !a.left_over);
    ck_assert(a.planned.on_parent && a.planned.has_ace);
    ck_assert_int_eq(a.planned.pass, SBX_PASS_NORMAL);
    ck_assert_int_eq(a.planned.step.reason, SBX_REASON_PARENT);
    ck_assert_uint_eq(a.planned.ace_mask, SBX_FILE_ALL);
    /* Not when the directory does not give it. */
    a = ask(SBX_WHY_DELETE, object("D:\\other\\f", false, PLAIN_FILE),
        object("D:\\other", true, "U G (A OICI 1301bf U)"));
    ck_assert(!a.planned.granted && !a.residual_delete);
    /* Nor when the file's own list does: the right is then the capability's. */
    a = ask(SBX_WHY_DELETE, granted("D:\\proj\\f", false, PLAIN_FILE),
        granted("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted && !a.residual_delete && by_capability(&a.planned));
}
END_TEST

START_TEST(why__outside_the_roots__is_denied_by_no_entry)
{
    struct sbx_why_answer a;

    make_token();
    a = ask(SBX_WHY_WRITE, object("C:\\Users\\me\\x.txt", false, PLAIN_FILE),
        object("C:\\Users\\me", true, PLAIN));
    ck_assert(!a.planned.granted && a.outside && !a.will_change && !a.moved_in);
    ck_assert_int_eq(a.planned.step.reason, SBX_REASON_NO_ACE);
    ck_assert_ptr_null(a.root);
    has_rule(&a, NULL);
}
END_TEST

START_TEST(why__everyone_outside__is_allowed_and_named)
{
    struct sbx_why_answer a;

    make_token();
    a = ask(SBX_WHY_WRITE, object("C:\\drop", true, "SY G (A OICI 1301bf E)"),
        object("C:\\", true, PLAIN));
    ck_assert(a.planned.granted && a.outside && !a.left_over);
    ck_assert(sbx_sid_equal(&a.planned.step.sid, &sbx_sid_everyone));
    a = ask(SBX_WHY_WRITE, object("C:\\drop", true, "SY G null"), object("C:\\", true, PLAIN));
    ck_assert(a.planned.granted && !a.planned.has_ace);
    ck_assert_int_eq(a.planned.step.reason, SBX_REASON_NO_DACL);
}
END_TEST

START_TEST(why__entry_of_a_root_on_a_file_outside__is_left_over)
{
    struct sbx_why_object f;
    struct sbx_why_answer a;

    make_token();
    f = granted("D:\\proj\\f", false, PLAIN_FILE);
    f.path = "D:\\elsewhere\\f";
    a = ask(SBX_WHY_WRITE, f, object("D:\\elsewhere", true, PLAIN));
    ck_assert(a.planned.granted && a.outside && a.left_over && by_capability(&a.planned));
}
END_TEST

START_TEST(why__file_without_the_block_after_the_walk__was_moved_in)
{
    struct sbx_why_answer a;

    make_token();
    ck_assert_sbx_ok(
        sbx_strings_add(&walked, world_planned(&w, WORLD_CWD)->capability_sid, &err), &err);
    a = ask(
        SBX_WHY_WRITE, object("D:\\proj\\f", false, PLAIN_FILE), granted("D:\\proj", true, PLAIN));
    ck_assert(!a.planned.granted && a.moved_in && !a.will_change);
    /* With the block nothing is said. */
    a = ask(
        SBX_WHY_WRITE, granted("D:\\proj\\f", false, PLAIN_FILE), granted("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted && !a.moved_in);
    /* A root that lost its own entries is walked again, so the run will grant. */
    a = ask(
        SBX_WHY_WRITE, object("D:\\proj\\f", false, PLAIN_FILE), object("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted && !a.moved_in && a.will_change);
}
END_TEST

START_TEST(why__missing_file__is_up_to_its_directory)
{
    struct sbx_why_object missing = {"D:\\proj\\new.c", false, false, 1, NULL};
    struct sbx_why_object git = {"D:\\proj\\.MCP.json", false, false, 1, NULL};
    struct sbx_why_object outside = {"D:\\other\\new.c", false, false, 1, NULL};
    struct sbx_why_answer a;

    make_token();
    a = ask(SBX_WHY_WRITE, missing, granted("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted && !a.exists && a.planned.on_parent && by_capability(&a.planned));
    has_rule(&a, "root");
    ck_assert(!a.protected_name);
    a = ask(SBX_WHY_DELETE, missing, granted("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted && !a.planned.on_parent && by_capability(&a.planned));
    a = ask(SBX_WHY_READ, missing, granted("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted);
    a = ask(SBX_WHY_READ, outside, object("D:\\other", true, PLAIN));
    ck_assert(!a.planned.granted && a.planned.on_parent); /* it cannot be made */
    a = ask(SBX_WHY_WRITE, git, granted("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted && a.protected_name);
}
END_TEST

START_TEST(why__what_the_engine_skips__stays_as_it_is)
{
    struct sbx_why_object linked;
    struct sbx_why_answer a;

    make_token();
    linked = object("D:\\proj\\l", false, PLAIN_FILE);
    linked.links = 2;
    a = ask(SBX_WHY_WRITE, linked, object("D:\\proj", true, PLAIN));
    ck_assert(!a.planned.granted && !a.will_change);
    a = ask(
        SBX_WHY_WRITE, object("D:\\proj\\n", false, "U G null"), object("D:\\proj", true, PLAIN));
    ck_assert(a.planned.granted && !a.will_change);
    ck_assert_int_eq(a.planned.step.reason, SBX_REASON_NO_DACL);
}
END_TEST

START_TEST(why__read_only_profile__makes_nothing_writable)
{
    struct sbx_why_answer a;

    world_policy(&w, "{\"profile\":\"read-only\"}");
    make_token();
    a = ask(
        SBX_WHY_WRITE, object("D:\\proj\\f", false, PLAIN_FILE), object("D:\\proj", true, PLAIN));
    ck_assert(!a.planned.granted && a.outside);
    ck_assert_ptr_nonnull(a.root);
    ck_assert(!a.root->writable);
}
END_TEST

START_TEST(why__no_descriptor_at_all__is_refused)
{
    struct sbx_why_question question = {
        .op = SBX_WHY_READ, .object = {"D:\\x", false, false, 1, NULL}};
    struct sbx_why_answer a;

    make_token();
    question.plan = &w.plan;
    question.token = &token.token;
    ck_assert_int_eq(sbx_why_ask(&question, &a, &err), SBX_INVALID);
}
END_TEST

/* The token of the plan is the one that the access check is asked with. */
START_TEST(why__token__is_the_planned_one)
{
    const struct sbx_access_token *t = &token.token;
    size_t i;

    make_token();
    ck_assert(t->restricted && t->write_restricted && !t->user_deny_only && !t->privileges);
    ck_assert_uint_eq(t->restricting_count, tokenplan.restricting.count);
    for (i = 0; i < t->restricting_count; i++)
        ck_assert(!sbx_sid_equal(&t->restricting[i], &sbx_sid_authenticated) &&
                  !sbx_sid_equal(&t->restricting[i], &t->user));
    for (i = 0; i < t->group_count; i++)
        if (sbx_sid_equal(&t->groups[i].sid, &sbx_sid_administrators))
            ck_assert_uint_eq(t->groups[i].attributes & (SBX_GROUP_ENABLED | SBX_GROUP_DENY_ONLY),
                SBX_GROUP_DENY_ONLY);
}
END_TEST

static const struct {
    const char *name, *descriptor;
    bool is_directory;
    uint32_t rights;
    bool files_in_it, inherited, delete_child;
} holes[] = {
    {"the_users_own", PLAIN, true, 0, false, false, true},
    {"everyone_writes", "SY G (A OICI 1301bf E)(A - 1f01ff U)", true, 0x10006, false, false, true},
    {"everyone_writes_inherited", "SY G (A OICIID 1301bf E)(A ID 1f01ff U)", true, 0x10006, false,
        true, true},
    {"everyone_reads", "SY G (A OICI 1200a9 E)", true, 0, false, false, false},
    {"both_passes_are_needed", "SY G (A - 2 E)(D - 2 U)", true, 0x2, false, false, false},
    {"deny_before_it", "SY G (D - d0156 E)(A - 1f01ff E)", true, 0, false, false, false},
    {"files_in_it", "SY G (A OIIO 1301bf E)(A - 1200a9 E)", true, 0x10006, true, false, false},
    {"files_in_it_inherited", "SY G (A OIIOID 1301bf E)", true, 0x10006, true, true, false},
    {"file", "SY G (A - 40000 E)(A - 1f01ff U)", false, 0x40000, false, false, false},
    {"file_with_entries_for_children", "SY G (A OIIO 1301bf E)", false, 0, false, false, false},
    {"no_list", "SY G null", true, 0xD0006, false, false, true},
    {"empty_list", "SY G empty", true, 0, false, false, false},
};

START_TEST(why__hole__is_what_the_token_may_write)
{
    struct sbx_why_hole hole;

    make_token();
    ck_assert_msg(sbx_why_find_hole(parsed(holes[_i].descriptor), holes[_i].is_directory,
                      &token.token, 0, &hole) == (holes[_i].rights != 0),
        "%s: 0x%X", holes[_i].name, (unsigned)hole.rights);
    ck_assert_msg(
        hole.rights == holes[_i].rights, "%s: 0x%X", holes[_i].name, (unsigned)hole.rights);
    ck_assert_msg(hole.files_in_it == holes[_i].files_in_it, "%s", holes[_i].name);
    ck_assert_msg(hole.delete_child == holes[_i].delete_child, "%s", holes[_i].name);
    ck_assert_msg(((hole.verdict.ace_flags & SBX_ACE_INHERITED) != 0) == holes[_i].inherited, "%s",
        holes[_i].name);
    ck_assert(!holes[_i].rights || hole.verdict.granted);
}
END_TEST

/* --- words ------------------------------------------------------------------------------------ */

static void says(const struct sbx_why_question *question, const char *const *words, size_t count)
{
    const char *const account[2] = {"ME\\me", "ME\\me"};
    struct sbx_why_answer answer;
    struct sbx_buf text, json;
    size_t i;

    sbx_buf_init(&text, 65536);
    sbx_buf_init(&json, 65536);
    ck_assert_sbx_ok(sbx_why_ask(question, &answer, &err), &err);
    ck_assert_sbx_ok(sbx_why_text(question, &answer, account, &text, &err), &err);
    ck_assert_sbx_ok(sbx_why_json(question, &answer, account, &json, &err), &err);
    for (i = 0; i < count; i++)
        ck_assert_msg(strstr(text.data, words[i]), "'%s' is not in:\n%s", words[i], text.data);
    ck_assert_msg(
        strstr(json.data, answer.planned.granted ? "\"allowed\":true" : "\"allowed\":false"), "%s",
        json.data);
    ck_assert_uint_eq(strcspn(json.data, "\n") + 1, json.length_bytes);
    sbx_buf_done(&text);
    sbx_buf_done(&json);
}

START_TEST(why__text__names_entry_sid_pass_and_policy)
{
    static const char *const allowed[] = {"ALLOWED: write 'D:\\proj\\a.c' (0x00120116)\n",
        "decided by: allow entry ", "mask 0x001301BF", "(capability of root 'D:\\proj')",
        "in pass 2 (restricting SIDs)", "policy: 'D:\\proj': inside a writable root",
        "as it is now: denied by no entry gives 0x00000116", "note: not granted yet"};
    static const char *const residual[] = {"ALLOWED: delete 'D:\\other\\f' (0x00010000)\n",
        "(the user of the command, ME\\me), in pass 1 (user and groups), on the directory "
        "'D:\\other'\n",
        "note: residual: the user's own right FILE_DELETE_CHILD"};
    static const char *const denied[] = {"DENIED: write", "no entry gives 0x00000116",
        "policy: in no writable root (filesystem.allowWrite)"};
    struct sbx_why_question question = {.op = SBX_WHY_WRITE};

    make_token();
    question.plan = &w.plan;
    question.token = &token.token;
    question.creator = &creator;
    question.object = object("D:\\proj\\a.c", false, PLAIN_FILE);
    question.parent = object("D:\\proj", true, PLAIN);
    says(&question, allowed, countof(allowed));
    question.op = SBX_WHY_DELETE;
    question.object.path = "D:\\other\\f";
    question.parent.path = "D:\\other";
    says(&question, residual, countof(residual));
    question.op = SBX_WHY_WRITE;
    says(&question, denied, countof(denied));
}
END_TEST

/* A word of the planner without a text would be told raw. */
START_TEST(why__rule__has_words_for_every_planned_entry)
{
    size_t i;

    world_policy(&w, "{\"git\":\"write\",\"filesystem\":{\"allowWrite\":[\"D:\\\\proj\\\\a\\\\b\"],"
                     "\"denyWrite\":[\"x\\\\y\"]}}");
    world_root(&w, "D:\\proj\\a\\b");
    world_object(&w, SBX_OBJECT_DENY_WRITE, "D:\\proj\\x\\y");
    world_object(&w, SBX_OBJECT_GIT_INNER, "D:\\proj\\.git\\hooks");
    make_token();
    ck_assert_uint_gt(w.plan.ace_count, 10);
    for (i = 0; i < w.plan.ace_count; i++)
        ck_assert_msg(sbx_why_rule(w.plan.aces[i].why) != w.plan.aces[i].why, "no words for '%s'",
            w.plan.aces[i].why);
    ck_assert_str_eq(sbx_why_rule("nothing-known"), "nothing-known");
}
END_TEST

static const struct {
    const char *sid, *is;
} roles[] = {{"S-1-1-0", "Everyone"}, {WORLD_CALLER, "the user of the command"},
    {WORLD_LOGON, "logon SID"}, {"S-1-5-32-545", "Users"},
    {"S-1-5-21-11-22-33-2147483649", "capability of a root that this command does not have"},
    {"S-1-5-21-9-9-9-513", ""}};

START_TEST(why__sid__is_named_by_its_part_in_the_run)
{
    struct sbx_sid sid;
    struct sbx_buf text;

    make_token();
    sbx_buf_init(&text, 4096);
    ck_assert_sbx_ok(sbx_sid_parse(roles[_i].sid, &sid, &err), &err);
    ck_assert_sbx_ok(sbx_why_sid(&sid, &w.plan, NULL, &text, &err), &err);
    ck_assert_str_eq(text.data ? text.data : "", roles[_i].is);
    sbx_buf_done(&text);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, why__file_in_a_fresh_root__is_allowed_after_the_grant);
    tcase_add_test(tcase, why__root_itself__is_decided_by_its_explicit_entry);
    tcase_add_test(tcase, why__protected_directory_and_below__name_the_deny);
    tcase_add_test(tcase, why__delete_in_a_directory_of_the_user__is_the_residual);
    tcase_add_test(tcase, why__outside_the_roots__is_denied_by_no_entry);
    tcase_add_test(tcase, why__everyone_outside__is_allowed_and_named);
    tcase_add_test(tcase, why__entry_of_a_root_on_a_file_outside__is_left_over);
    tcase_add_test(tcase, why__file_without_the_block_after_the_walk__was_moved_in);
    tcase_add_test(tcase, why__missing_file__is_up_to_its_directory);
    tcase_add_test(tcase, why__what_the_engine_skips__stays_as_it_is);
    tcase_add_test(tcase, why__read_only_profile__makes_nothing_writable);
    tcase_add_test(tcase, why__no_descriptor_at_all__is_refused);
    tcase_add_test(tcase, why__token__is_the_planned_one);
    tcase_add_loop_test(tcase, why__hole__is_what_the_token_may_write, 0, (int)countof(holes));
    tcase_add_test(tcase, why__text__names_entry_sid_pass_and_policy);
    tcase_add_test(tcase, why__rule__has_words_for_every_planned_entry);
    tcase_add_loop_test(tcase, why__sid__is_named_by_its_part_in_the_run, 0, (int)countof(roles));
}

UNIT_MAIN("whyanswer", add_tests)

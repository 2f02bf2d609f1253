/* calibration: what is read is what was written, whom it counts for, and who may write it. */
#include "shared/core/calibration.h"

#include <stdio.h>

#include "tests/support/unit.h"

#define USER "S-1-5-21-1-2-3-1001"

static struct sbx_calibration_entry entry(
    const char *build, enum sbx_mode mode, enum sbx_token_choice passed)
{
    struct sbx_calibration_entry e;
    int recipe;

    memset(&e, 0, sizeof(e));
    snprintf(e.os_build, sizeof(e.os_build), "%s", build);
    snprintf(e.product_version, sizeof(e.product_version), "1.2.3");
    e.mode = mode;
    for (recipe = SBX_TOKEN_STRICT; recipe <= SBX_TOKEN_STANDARD; recipe++) {
        struct sbx_calibration_try *one = &e.tries[e.try_count++];

        one->recipe = (enum sbx_token_choice)recipe;
        one->rows = 7;
        one->passed = one->recipe == passed;
        if (one->passed)
            break;
        snprintf(one->failed, sizeof(one->failed), "work.nul");
        snprintf(one->why, sizeof(one->why), "exit code 1");
    }
    return e;
}

static struct sbx_calibration sample(void)
{
    struct sbx_calibration c;
    struct sbx_calibration_entry e =
        entry("windows 10.0.19045", SBX_MODE_UNELEVATED, SBX_TOKEN_ISOLATED);

    memset(&c, 0, sizeof(c));
    sbx_calibration_put(&c, &e);
    e = entry("windows 10.0.19045", SBX_MODE_ELEVATED, SBX_TOKEN_STANDARD);
    sbx_calibration_put(&c, &e);
    return c;
}

static struct sbx_buf printed(const struct sbx_calibration *c)
{
    struct sbx_error err;
    struct sbx_buf text;

    sbx_error_init(&err);
    sbx_buf_init(&text, SBX_CALIBRATION_MAX_BYTES);
    ck_assert_sbx_ok(sbx_calibration_format(c, &text, &err), &err);
    return text;
}

static enum sbx_status parsed(const char *text, size_t length, struct sbx_calibration *ret)
{
    struct sbx_error err;

    sbx_error_init(&err);
    return sbx_calibration_parse(text, length, ret, &err);
}

START_TEST(calibration__written_and_read__the_same)
{
    struct sbx_calibration c = sample(), again;
    struct sbx_buf text = printed(&c);

    ck_assert_int_eq(parsed(text.data, text.length_bytes, &again), SBX_OK);
    ck_assert_uint_eq(again.count, 2);
    ck_assert_mem_eq(&c, &again, sizeof(c));
    sbx_buf_done(&text);
}
END_TEST

/* One bit in any byte, or a byte less: no record. */
START_TEST(calibration__any_damage__no_record)
{
    struct sbx_calibration c = sample(), again;
    struct sbx_buf text = printed(&c);
    size_t i;

    for (i = 0; i < text.length_bytes; i++) {
        text.data[i] ^= 1;
        ck_assert_msg(parsed(text.data, text.length_bytes, &again) != SBX_OK, "byte %zu", i);
        ck_assert_uint_eq(again.count, 0);
        text.data[i] ^= 1;
    }
    for (i = 0; i < text.length_bytes; i++)
        ck_assert_msg(parsed(text.data, i, &again) != SBX_OK, "%zu bytes", i);
    sbx_buf_done(&text);
}
END_TEST

START_TEST(calibration__other_build_version_or_mode__counts_as_none)
{
    struct sbx_calibration c = sample();

#define FOUND(build, version, mode)                                                                \
    sbx_calibration_recipe(sbx_calibration_find(&c, build, version, mode))
    ck_assert_int_eq(FOUND("windows 10.0.19045", "1.2.3", SBX_MODE_UNELEVATED), SBX_TOKEN_ISOLATED);
    ck_assert_int_eq(FOUND("windows 10.0.19045", "1.2.3", SBX_MODE_ELEVATED), SBX_TOKEN_STANDARD);
    ck_assert_int_eq(FOUND("windows 10.0.26100", "1.2.3", SBX_MODE_UNELEVATED), SBX_TOKEN_UNSET);
    ck_assert_int_eq(FOUND("windows 10.0.1904", "1.2.3", SBX_MODE_UNELEVATED), SBX_TOKEN_UNSET);
    ck_assert_int_eq(FOUND("windows 10.0.19045", "1.2.4", SBX_MODE_UNELEVATED), SBX_TOKEN_UNSET);
    c.count = 1;
    ck_assert_int_eq(FOUND("windows 10.0.19045", "1.2.3", SBX_MODE_ELEVATED), SBX_TOKEN_UNSET);
#undef FOUND
}
END_TEST

START_TEST(calibration__nothing_passed__no_recipe)
{
    struct sbx_calibration_entry e = entry("b", SBX_MODE_ELEVATED, SBX_TOKEN_UNSET);

    ck_assert_uint_eq(e.try_count, 3);
    ck_assert_int_eq(sbx_calibration_recipe(&e), SBX_TOKEN_UNSET);
    ck_assert_int_eq(sbx_calibration_recipe(NULL), SBX_TOKEN_UNSET);
}
END_TEST

START_TEST(calibration__put__replaces_and_forgets_the_oldest)
{
    struct sbx_calibration c = sample();
    struct sbx_calibration_entry e;
    char build[32];
    size_t i;

    e = entry("windows 10.0.19045", SBX_MODE_UNELEVATED, SBX_TOKEN_STRICT);
    sbx_calibration_put(&c, &e);
    ck_assert_uint_eq(c.count, 2);
    ck_assert_int_eq(sbx_calibration_recipe(&c.entries[1]), SBX_TOKEN_STRICT);
    for (i = 0; i < SBX_CALIBRATION_ENTRIES_MAX; i++) {
        snprintf(build, sizeof(build), "build %zu", i);
        e = entry(build, SBX_MODE_ELEVATED, SBX_TOKEN_STRICT);
        sbx_calibration_put(&c, &e);
    }
    ck_assert_uint_eq(c.count, SBX_CALIBRATION_ENTRIES_MAX);
    ck_assert_str_eq(c.entries[0].os_build, "build 0");
    ck_assert_str_eq(c.entries[c.count - 1].os_build, build);
}
END_TEST

/* Each refused by format, and so by parse: a recipe behind one that passed, a gap, a third state.
 */
static void spoil_order(struct sbx_calibration_entry *e)
{
    e->tries[0].recipe = SBX_TOKEN_ISOLATED;
}
static void spoil_auto(struct sbx_calibration_entry *e)
{
    e->tries[0].recipe = SBX_TOKEN_AUTO;
}
static void spoil_none(struct sbx_calibration_entry *e)
{
    e->try_count = 0;
}
static void spoil_many(struct sbx_calibration_entry *e)
{
    e->try_count = 4;
}
static void spoil_passed_first(struct sbx_calibration_entry *e)
{
    e->tries[0].passed = true;
    e->tries[0].failed[0] = e->tries[0].why[0] = '\0';
}
static void spoil_silent(struct sbx_calibration_entry *e)
{
    e->tries[0].why[0] = '\0';
}
static void spoil_rows(struct sbx_calibration_entry *e)
{
    e->tries[0].rows = 0;
}
static void spoil_mode(struct sbx_calibration_entry *e)
{
    e->mode = SBX_MODE_AUTO;
}
static void spoil_build(struct sbx_calibration_entry *e)
{
    e->os_build[0] = '\n';
}
static void (*const spoilers[])(struct sbx_calibration_entry *) = {spoil_order, spoil_auto,
    spoil_none, spoil_many, spoil_passed_first, spoil_silent, spoil_rows, spoil_mode, spoil_build};

START_TEST(calibration__contradiction__refused)
{
    struct sbx_calibration c = sample();
    struct sbx_error err;
    struct sbx_buf text;

    sbx_error_init(&err);
    sbx_buf_init(&text, SBX_CALIBRATION_MAX_BYTES);
    spoilers[_i](&c.entries[0]);
    ck_assert_int_eq(sbx_calibration_format(&c, &text, &err), SBX_INVALID);
    c = sample();
    c.entries[1].mode = c.entries[0].mode;
    ck_assert_int_eq(sbx_calibration_format(&c, &text, &err), SBX_INVALID);
    sbx_buf_done(&text);
}
END_TEST

START_TEST(calibration__text__is_printable_and_cut)
{
    char text[8];

    sbx_calibration_text(text, sizeof(text),
        "a\nb\xc3\xa4"
        "cdefgh");
    ck_assert_str_eq(text, "a?b??cd");
}
END_TEST

/* --- who may write -----------------------------------------------------------------------------
 */

struct writer {
    const char *name, *owner, *sid;
    uint8_t type, flags;
    uint32_t mask;
    bool good;
};
static const struct writer writers[] = {
    {"user", USER, USER, SBX_ACE_ALLOW, 0, SBX_FILE_ALL, true},
    {"administrators own it", "S-1-5-32-544", "S-1-5-18", SBX_ACE_ALLOW, 0, SBX_FILE_ALL, true},
    {"everyone reads", USER, "S-1-1-0", SBX_ACE_ALLOW, 0, SBX_FILE_GENERIC_READ, true},
    {"group denied", USER, "S-1-5-21-1-2-3-1010", SBX_ACE_DENY, 0, SBX_FILE_ALL, true},
    {"for children only", USER, "S-1-1-0", SBX_ACE_ALLOW, SBX_ACE_IO, SBX_FILE_ALL, true},
    {"everyone writes", USER, "S-1-1-0", SBX_ACE_ALLOW, 0, SBX_FILE_WRITE_DATA, false},
    {"everyone appends", USER, "S-1-1-0", SBX_ACE_ALLOW, 0, SBX_FILE_APPEND_DATA, false},
    {"users delete", USER, "S-1-5-32-545", SBX_ACE_ALLOW, 0, SBX_DELETE, false},
    {"a capability", USER, "S-1-5-21-9-9-9-9", SBX_ACE_ALLOW, 0, SBX_WRITE_DAC, false},
    {"generic", USER, "S-1-5-11", SBX_ACE_ALLOW, 0, SBX_GENERIC_ALL, false},
    {"an unknown kind of entry", USER, "S-1-5-18", 0x09, 0, 0, false},
    {"somebody else's", "S-1-5-21-1-2-3-1002", USER, SBX_ACE_ALLOW, 0, SBX_FILE_ALL, false},
};

START_TEST(calibration__writers__only_user_and_machine)
{
    const struct writer *row = &writers[_i];
    struct sbx_descriptor descriptor;
    struct sbx_error err;
    struct sbx_sid user;
    struct sbx_ace ace;
    enum sbx_status status;

    sbx_error_init(&err);
    memset(&descriptor, 0, sizeof(descriptor));
    memset(&ace, 0, sizeof(ace));
    ck_assert_sbx_ok(sbx_sid_parse(USER, &user, &err), &err);
    ck_assert_sbx_ok(sbx_sid_parse(row->owner, &descriptor.owner, &err), &err);
    descriptor.has_owner = true;
    ck_assert_int_eq(sbx_calibration_check_writers(&descriptor, &user, &err), SBX_UNPROVEN);
    ck_assert_sbx_ok(sbx_sid_parse(row->sid, &ace.sid, &err), &err);
    ace.type = row->type;
    ace.flags = row->flags;
    ace.mask = row->mask;
    descriptor.dacl.kind = SBX_ACL_LIST;
    descriptor.dacl.aces = &ace;
    descriptor.dacl.count = 1;
    status = sbx_calibration_check_writers(&descriptor, &user, &err);
    ck_assert_msg((status == SBX_OK) == row->good, "%s: %s", row->name, err.context);
}
END_TEST

START_TEST(calibration__known_limit__of_unelevated_node_only)
{
    ck_assert_ptr_nonnull(sbx_calibration_known_limit("work.node", SBX_MODE_UNELEVATED));
    ck_assert_ptr_null(sbx_calibration_known_limit("work.node", SBX_MODE_ELEVATED));
    ck_assert_ptr_null(sbx_calibration_known_limit("work.node", SBX_MODE_AUTO));
    ck_assert_ptr_null(sbx_calibration_known_limit("work.cmd", SBX_MODE_UNELEVATED));
    ck_assert_ptr_null(sbx_calibration_known_limit("work.python", SBX_MODE_UNELEVATED));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, calibration__known_limit__of_unelevated_node_only);
    tcase_add_test(tcase, calibration__written_and_read__the_same);
    tcase_add_test(tcase, calibration__any_damage__no_record);
    tcase_add_test(tcase, calibration__other_build_version_or_mode__counts_as_none);
    tcase_add_test(tcase, calibration__nothing_passed__no_recipe);
    tcase_add_test(tcase, calibration__put__replaces_and_forgets_the_oldest);
    tcase_add_loop_test(tcase, calibration__contradiction__refused, 0, countof(spoilers));
    tcase_add_test(tcase, calibration__text__is_printable_and_cut);
    tcase_add_loop_test(tcase, calibration__writers__only_user_and_machine, 0, countof(writers));
}

UNIT_MAIN("calibration", add_tests)

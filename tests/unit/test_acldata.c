/* Descriptors as bytes, and compared. Properties run over random descriptors. */
#include "tests/support/aclrandom.h"
#include "tests/support/unit.h"

#include "shared/core/capsid.h"

#include <stdio.h>

#define ROUNDS 3000

static struct sbx_error err;

static void setup(void)
{
    sbx_error_init(&err);
    aclrandom_begin();
}

static void serialise(const struct sbx_descriptor *d, struct sbx_buf *bytes)
{
    sbx_buf_init(bytes, SBX_DESCRIPTOR_MAX_BYTES);
    ck_assert_sbx_ok(sbx_descriptor_serialise(d, bytes, &err), &err);
}

/* O:SYG:SYD:P(D;OICI;0x116;;;WD)(A;;0x1f01ff;;;BA), laid out by hand from the structures' pages. */
static const uint8_t known_bytes[] = {
    1, 0, 0x04, 0x90, 0x48, 0, 0, 0, 0x54, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, /* header */
    2, 0, 0x34, 0, 2, 0, 0, 0,                                                 /* ACL */
    1, 3, 0x14, 0, 0x16, 0x01, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,       /* deny WD */
    0, 0, 0x18, 0, 0xFF, 0x01, 0x1F, 0, 1, 2, 0, 0, 0, 0, 0, 5, 0x20, 0, 0, 0, /* allow BA */
    0x20, 2, 0, 0,                                                             /* ... 544 */
    1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0,                                       /* owner */
    1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0,                                       /* group */
};

START_TEST(parse__known_bytes__all_fields_read)
{
    struct sbx_descriptor d = {0};

    ck_assert_sbx_ok(sbx_descriptor_parse(known_bytes, sizeof(known_bytes), &d, &err), &err);
    ck_assert_uint_eq(d.control, SBX_SD_DACL_PROTECTED);
    ck_assert(d.has_owner && sbx_sid_equal(&d.owner, &sbx_sid_system));
    ck_assert(d.has_group && sbx_sid_equal(&d.group, &sbx_sid_system));
    ck_assert_int_eq(d.sacl.kind, SBX_ACL_ABSENT);
    ck_assert_int_eq(d.dacl.kind, SBX_ACL_LIST);
    ck_assert_uint_eq(d.dacl.count, 2);
    ck_assert_uint_eq(d.dacl.aces[0].type, SBX_ACE_DENY);
    ck_assert_uint_eq(d.dacl.aces[0].flags, SBX_ACE_OI | SBX_ACE_CI);
    ck_assert_uint_eq(d.dacl.aces[0].mask, 0x116);
    ck_assert(sbx_sid_equal(&d.dacl.aces[0].sid, &sbx_sid_everyone));
    ck_assert_uint_eq(d.dacl.aces[1].mask, SBX_FILE_ALL);
    ck_assert(sbx_sid_equal(&d.dacl.aces[1].sid, &sbx_sid_administrators));
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(serialise__known_descriptor__known_bytes)
{
    struct sbx_descriptor d = {0};
    struct sbx_ace deny =
        sbx_ace_make(SBX_ACE_DENY, SBX_ACE_OI | SBX_ACE_CI, 0x116, &sbx_sid_everyone);
    struct sbx_ace allow = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &sbx_sid_administrators);
    struct sbx_buf bytes;

    d.control = SBX_SD_DACL_PROTECTED;
    d.has_owner = d.has_group = true;
    d.owner = d.group = sbx_sid_system;
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 0, &deny, &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 1, &allow, &err), &err);
    serialise(&d, &bytes);
    ck_assert_uint_eq(bytes.length_bytes, sizeof(known_bytes));
    ck_assert_int_eq(memcmp(bytes.data, known_bytes, sizeof(known_bytes)), 0);
    sbx_buf_done(&bytes);
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(parse__every_truncation__refused)
{
    size_t length_bytes;

    for (length_bytes = 0; length_bytes < sizeof(known_bytes); length_bytes++) {
        struct sbx_descriptor d = {0};
        uint8_t *copy = malloc(length_bytes ? length_bytes : 1); /* so that ASan sees an overread */

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, known_bytes, length_bytes);
        ck_assert_int_eq(sbx_descriptor_parse(copy, length_bytes, &d, &err), SBX_INVALID);
        free(copy);
    }
}
END_TEST

static const struct bad {
    const char *name;
    size_t offset;
    uint8_t value;
} bad_bytes[] = {
    {"revision of the descriptor", 0, 2},
    {"not self-relative", 3, 0x10},
    {"owner inside the header", 4, 0x10},
    {"owner far outside", 7, 0xFF},
    {"group at the end", 8, 0x5C},
    {"DACL far outside", 19, 0x80},
    {"revision of the list", 20, 5},
    {"list shorter than its header", 22, 4},
    {"list longer than the data", 23, 0x10},
    {"more entries than fit", 24, 200},
    {"entry of size zero", 30, 0},
    {"entry longer than the list", 31, 1},
    {"entry shorter than its SID", 30, 0x10},
    {"SID with too many sub-authorities", 37, 16},
    {"SID of revision 2", 36, 2},
    {"SID longer than its entry", 37, 2},
};

START_TEST(parse__bad_field__refused)
{
    const struct bad *row = &bad_bytes[_i];
    uint8_t copy[sizeof(known_bytes)];
    struct sbx_descriptor d = {0};

    memcpy(copy, known_bytes, sizeof(copy));
    copy[row->offset] = row->value;
    ck_assert_msg(
        sbx_descriptor_parse(copy, sizeof(copy), &d, &err) == SBX_INVALID, "%s", row->name);
    ck_assert_int_eq(d.dacl.kind, SBX_ACL_ABSENT);
}
END_TEST

START_TEST(parse__absent_null_empty__three_different_lists)
{
    static const uint8_t absent[20] = {1, 0, 0, 0x80};
    static const uint8_t null[20] = {1, 0, 4, 0x80};
    static const uint8_t empty[28] = {
        1, 0, 4, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 2, 0, 8};
    struct sbx_descriptor a = {0}, n = {0}, e = {0};

    ck_assert_sbx_ok(sbx_descriptor_parse(absent, sizeof(absent), &a, &err), &err);
    ck_assert_sbx_ok(sbx_descriptor_parse(null, sizeof(null), &n, &err), &err);
    ck_assert_sbx_ok(sbx_descriptor_parse(empty, sizeof(empty), &e, &err), &err);
    ck_assert_int_eq(a.dacl.kind, SBX_ACL_ABSENT);
    ck_assert_int_eq(n.dacl.kind, SBX_ACL_NULL);
    ck_assert_int_eq(e.dacl.kind, SBX_ACL_LIST);
    ck_assert_uint_eq(e.dacl.count, 0);
    ck_assert(!sbx_acl_equal(&a.dacl, &n.dacl));
    ck_assert(!sbx_acl_equal(&n.dacl, &e.dacl));
    ck_assert(!sbx_acl_equal(&a.dacl, &e.dacl));
}
END_TEST

START_TEST(serialise_parse__random_descriptors__identity)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_descriptor x, copy = {0}, back = {0};
        struct sbx_buf bytes, again;

        aclrandom_descriptor(&x);
        serialise(&x, &bytes);
        ck_assert_sbx_ok(sbx_descriptor_parse(bytes.data, bytes.length_bytes, &back, &err), &err);
        ck_assert(sbx_descriptor_equal(&x, &back));
        serialise(&back, &again);
        ck_assert_uint_eq(bytes.length_bytes, again.length_bytes);
        ck_assert_int_eq(memcmp(bytes.data, again.data, bytes.length_bytes), 0);
        ck_assert_sbx_ok(sbx_descriptor_copy(&x, &copy, &err), &err);
        ck_assert(sbx_descriptor_equal(&x, &copy));
        sbx_buf_done(&bytes);
        sbx_buf_done(&again);
        sbx_descriptor_done(&x);
        sbx_descriptor_done(&copy);
        sbx_descriptor_done(&back);
    }
}
END_TEST

/* A flipped byte gives an error or another descriptor that is just as well behaved. */
START_TEST(parse__random_damage__refused_or_round_trips)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_descriptor x, back = {0}, twice = {0};
        struct sbx_buf bytes, again;
        uint32_t hits = 1 + aclrandom_below(4);

        aclrandom_descriptor(&x);
        serialise(&x, &bytes);
        while (hits--)
            bytes.data[aclrandom_below((uint32_t)bytes.length_bytes)] = (char)aclrandom_below(256);
        if (!sbx_descriptor_parse(bytes.data, bytes.length_bytes, &back, &err)) {
            serialise(&back, &again);
            ck_assert_sbx_ok(
                sbx_descriptor_parse(again.data, again.length_bytes, &twice, &err), &err);
            ck_assert(sbx_descriptor_equal(&back, &twice));
            sbx_buf_done(&again);
        }
        sbx_buf_done(&bytes);
        sbx_descriptor_done(&x);
        sbx_descriptor_done(&back);
        sbx_descriptor_done(&twice);
    }
}
END_TEST

START_TEST(equal__each_field_changed__differs)
{
    struct sbx_descriptor x = {0}, y = {0};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &aclrandom_user);
    uint8_t rest[4] = {1, 2, 3, 4};
    struct sbx_ace longer = ace;

    ck_assert_sbx_ok(sbx_acl_insert(&x.dacl, 0, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_descriptor_copy(&x, &y, &err), &err);
    ck_assert(sbx_descriptor_equal(&x, &y));
    y.control = SBX_SD_DACL_PROTECTED;
    ck_assert(!sbx_descriptor_equal(&x, &y));
    y.control = 0;
    y.has_owner = true;
    ck_assert(!sbx_descriptor_equal(&x, &y));
    y.has_owner = false;
    y.dacl.aces[0].flags = SBX_ACE_INHERITED;
    ck_assert(!sbx_descriptor_equal(&x, &y));
    y.dacl.aces[0] = sbx_ace_make(SBX_ACE_DENY, 0, 1, &aclrandom_user);
    ck_assert(!sbx_descriptor_equal(&x, &y));
    y.dacl.aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, 3, &aclrandom_user);
    ck_assert(!sbx_descriptor_equal(&x, &y));
    y.dacl.aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &aclrandom_group);
    ck_assert(!sbx_descriptor_equal(&x, &y));
    longer.rest = rest;
    longer.rest_bytes = sizeof(rest);
    ck_assert(!sbx_ace_equal(&ace, &longer));
    sbx_descriptor_done(&x);
    sbx_descriptor_done(&y);
}
END_TEST

/* The worst list a file's owner can write: parsing it must not take seconds. */
START_TEST(parse__sixteen_thousand_entries__linear)
{
    struct sbx_acl acl = {0};
    size_t count = (SBX_ACL_MAX_BYTES - 8) / 4;
    uint8_t *bytes = calloc(1, 8 + 4 * count);
    int round;
    size_t i;

    ck_assert_ptr_nonnull(bytes);
    bytes[0] = 2;
    bytes[2] = (uint8_t)(8 + 4 * count);
    bytes[3] = (uint8_t)((8 + 4 * count) >> 8);
    bytes[4] = (uint8_t)count;
    bytes[5] = (uint8_t)(count >> 8);
    for (i = 0; i < count; i++) {
        bytes[8 + 4 * i] = 0x20;
        bytes[8 + 4 * i + 2] = 4;
    }
    /* Quadratic, these rounds took minutes; the test's time limit is the assertion. */
    for (round = 0; round < 500; round++) {
        ck_assert_sbx_ok(sbx_acl_parse(bytes, 8 + 4 * count, &acl, &err), &err);
        ck_assert_uint_eq(acl.count, count);
        sbx_acl_done(&acl);
    }
    free(bytes);
}
END_TEST

START_TEST(sid_from_prefix__longer_run_of_bytes__exact_length)
{
    static const uint8_t bytes[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, 99, 99};
    struct sbx_sid sid = {0};
    size_t length_bytes;

    ck_assert_uint_eq(sbx_sid_from_prefix(bytes, sizeof(bytes), &sid), 16);
    ck_assert(sbx_sid_equal(&sid, &sbx_sid_administrators));
    for (length_bytes = 0; length_bytes < 16; length_bytes++)
        ck_assert_uint_eq(sbx_sid_from_prefix(bytes, length_bytes, &sid), 0);
}
END_TEST

START_TEST(capability__list__first_sid_of_the_form_or_null)
{
    static const uint8_t random[2][16] = {{1}, {2}};
    struct sbx_acl acl = {.kind = SBX_ACL_LIST};
    struct sbx_sid ours[2];
    struct sbx_ace aces[3];

    sbx_capsid_for_run(random[0], &ours[0]);
    sbx_capsid_for_run(random[1], &ours[1]);
    aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &sbx_sid_administrators);
    aces[1] = sbx_ace_make(SBX_ACE_DENY, 0, SBX_FILE_ALL, &ours[1]);
    aces[2] = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &ours[0]);
    acl.aces = aces;
    ck_assert_ptr_null(sbx_acl_capability(&acl));
    acl.count = 1;
    ck_assert_ptr_null(sbx_acl_capability(&acl));
    acl.count = countof(aces);
    ck_assert_ptr_eq(sbx_acl_capability(&acl), &aces[1].sid);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, parse__known_bytes__all_fields_read);
    tcase_add_test(tcase, serialise__known_descriptor__known_bytes);
    tcase_add_test(tcase, parse__every_truncation__refused);
    tcase_add_loop_test(tcase, parse__bad_field__refused, 0, (int)countof(bad_bytes));
    tcase_add_test(tcase, parse__absent_null_empty__three_different_lists);
    tcase_add_test(tcase, serialise_parse__random_descriptors__identity);
    tcase_add_test(tcase, parse__random_damage__refused_or_round_trips);
    tcase_add_test(tcase, equal__each_field_changed__differs);
    tcase_add_test(tcase, parse__sixteen_thousand_entries__linear);
    tcase_add_test(tcase, sid_from_prefix__longer_run_of_bytes__exact_length);
    tcase_add_test(tcase, capability__list__first_sid_of_the_form_or_null);
}

UNIT_MAIN("acldata", add_tests)

/* Descriptors as data: bytes, edits, inheritance. Properties run over random descriptors. */
#include "tests/support/unit.h"
#include "shared/core/acldata.h"

#include <stdio.h>

#define ROUNDS 3000

static struct sbx_error err;
static uint64_t rng;

static const struct sbx_sid cap_sid = {5, 5, {21, 11, 22, 33, 0x80000044u}};
static const struct sbx_sid user_sid = {5, 5, {21, 1, 2, 3, 1001}};
static const struct sbx_sid group_sid = {5, 5, {21, 1, 2, 3, 513}};

static uint32_t pick(uint32_t below)
{
    return (uint32_t)(unit_random(&rng) % below);
}

static void setup(void)
{
    sbx_error_init(&err);
    rng = unit_seed();
}

/* --- random descriptors -------------------------------------------------------------------- */

static struct sbx_sid random_sid(void)
{
    static const struct sbx_sid *const known[] = {&sbx_sid_everyone, &sbx_sid_creator_owner,
        &sbx_sid_creator_group, &sbx_sid_authenticated, &sbx_sid_users, &sbx_sid_owner_rights,
        &user_sid, &group_sid};
    struct sbx_sid sid;
    uint32_t i;

    if (pick(4))
        return *known[pick(countof(known))];
    memset(&sid, 0, sizeof(sid));
    sid.authority = unit_random(&rng) & 0xFFFFFFFFFFFFu;
    sid.count = (uint8_t)pick(16);
    for (i = 0; i < sid.count; i++)
        sid.sub[i] = (uint32_t)unit_random(&rng);
    return sid;
}

static uint8_t *random_bytes(size_t length_bytes)
{
    uint8_t *bytes = NULL;
    size_t i;

    if (!length_bytes)
        return NULL;
    ck_assert_sbx_ok(sbx_calloc(length_bytes, 1, &bytes, &err), &err);
    for (i = 0; i < length_bytes; i++)
        bytes[i] = (uint8_t)pick(256);
    return bytes;
}

static void add_random_ace(struct sbx_acl *acl)
{
    struct sbx_ace ace;

    memset(&ace, 0, sizeof(ace));
    ace.type = pick(5) ? (uint8_t)pick(2) : (uint8_t)(2 + pick(20));
    ace.flags = (uint8_t)pick(pick(2) ? 32 : 256);
    if (ace.type <= SBX_ACE_DENY) {
        ace.mask = (uint32_t)unit_random(&rng);
        ace.sid = random_sid();
    }
    ace.rest_bytes = (uint16_t)(ace.type > 1 || !pick(8) ? pick(40) : 0);
    ace.rest = random_bytes(ace.rest_bytes);
    ck_assert_sbx_ok(sbx_acl_insert(acl, pick((uint32_t)acl->count + 1), &ace, &err), &err);
    free(ace.rest);
}

static void random_acl(struct sbx_acl *acl, enum sbx_acl_kind kind)
{
    uint32_t count = pick(12);

    memset(acl, 0, sizeof(*acl));
    acl->kind = kind;
    if (kind != SBX_ACL_LIST)
        return;
    acl->revision = (uint8_t)(2 + pick(3));
    acl->sbz1 = (uint8_t)(pick(8) ? 0 : pick(256));
    acl->sbz2 = (uint16_t)(pick(8) ? 0 : pick(65536));
    while (count--)
        add_random_ace(acl);
    acl->slack_bytes = pick(3) ? 0 : pick(64);
    acl->slack = random_bytes(acl->slack_bytes);
}

static void random_descriptor(struct sbx_descriptor *d)
{
    memset(d, 0, sizeof(*d));
    d->control = (uint16_t)(pick(65536) & ~0x8014u);
    d->rm_control = (uint8_t)pick(256);
    d->has_owner = pick(4) != 0;
    d->has_group = pick(4) != 0;
    if (d->has_owner)
        d->owner = random_sid();
    if (d->has_group)
        d->group = random_sid();
    random_acl(&d->dacl, pick(8) ? SBX_ACL_LIST : (enum sbx_acl_kind)pick(2));
    random_acl(&d->sacl, (enum sbx_acl_kind)pick(3));
}

static void serialise(const struct sbx_descriptor *d, struct sbx_buf *bytes)
{
    sbx_buf_init(bytes, SBX_DESCRIPTOR_MAX_BYTES);
    ck_assert_sbx_ok(sbx_descriptor_serialise(d, bytes, &err), &err);
}

static void ck_same_acl_bytes(const struct sbx_acl *a, const struct sbx_acl *b)
{
    struct sbx_buf x, y;

    sbx_buf_init(&x, SBX_ACL_MAX_BYTES);
    sbx_buf_init(&y, SBX_ACL_MAX_BYTES);
    ck_assert_sbx_ok(sbx_acl_serialise(a, &x, &err), &err);
    ck_assert_sbx_ok(sbx_acl_serialise(b, &y, &err), &err);
    ck_assert_uint_eq(x.length_bytes, y.length_bytes);
    ck_assert_int_eq(memcmp(x.data, y.data, x.length_bytes), 0);
    sbx_buf_done(&x);
    sbx_buf_done(&y);
}

/* --- bytes --------------------------------------------------------------------------------- */

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

        random_descriptor(&x);
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
        uint32_t hits = 1 + pick(4);

        random_descriptor(&x);
        serialise(&x, &bytes);
        while (hits--)
            bytes.data[pick((uint32_t)bytes.length_bytes)] = (char)pick(256);
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
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &user_sid);
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
    y.dacl.aces[0] = sbx_ace_make(SBX_ACE_DENY, 0, 1, &user_sid);
    ck_assert(!sbx_descriptor_equal(&x, &y));
    y.dacl.aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, 3, &user_sid);
    ck_assert(!sbx_descriptor_equal(&x, &y));
    y.dacl.aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &group_sid);
    ck_assert(!sbx_descriptor_equal(&x, &y));
    longer.rest = rest;
    longer.rest_bytes = sizeof(rest);
    ck_assert(!sbx_ace_equal(&ace, &longer));
    sbx_descriptor_done(&x);
    sbx_descriptor_done(&y);
}
END_TEST

/* --- merge and remove ---------------------------------------------------------------------- */

static size_t make_ours(struct sbx_ace ours[6])
{
    size_t count = 1 + pick(6);
    size_t i;

    for (i = 0; i < count; i++)
        ours[i] = sbx_ace_make((uint8_t)pick(2), (uint8_t)pick(16), 1 + pick(0x1F01FF), &cap_sid);
    return count;
}

START_TEST(merge__random_lists__idempotent_and_removable)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl x, merged = {0};
        struct sbx_ace ours[6];
        size_t count = make_ours(ours);
        size_t added = 99;
        bool was_canonical;

        random_acl(&x, SBX_ACL_LIST);
        was_canonical = sbx_acl_is_canonical(&x);
        ck_assert_sbx_ok(sbx_acl_copy(&x, &merged, &err), &err);
        ck_assert(!sbx_acl_has_all(&merged, ours, count));
        ck_assert_sbx_ok(sbx_acl_merge(&merged, ours, count, &added, &err), &err);
        ck_assert_uint_ge(added, 1);
        ck_assert_uint_eq(merged.count, x.count + added);
        ck_assert(sbx_acl_has_all(&merged, ours, count));
        ck_assert(!was_canonical || sbx_acl_is_canonical(&merged));
        ck_assert_sbx_ok(sbx_acl_merge(&merged, ours, count, &added, &err), &err);
        ck_assert_uint_eq(added, 0);
        ck_assert_uint_ge(sbx_acl_remove(&merged, ours, count), 1);
        ck_same_acl_bytes(&x, &merged);
        sbx_acl_done(&x);
        sbx_acl_done(&merged);
    }
}
END_TEST

START_TEST(merge__every_deny_of_ours__before_every_allow)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl x;
        struct sbx_ace ours[6];
        size_t count = make_ours(ours);
        size_t added, i;
        bool allow_seen = false;

        random_acl(&x, SBX_ACL_LIST);
        ck_assert_sbx_ok(sbx_acl_merge(&x, ours, count, &added, &err), &err);
        for (i = 0; i < x.count; i++) {
            allow_seen = allow_seen || x.aces[i].type == SBX_ACE_ALLOW;
            if (x.aces[i].type == SBX_ACE_DENY && sbx_sid_equal(&x.aces[i].sid, &cap_sid))
                ck_assert(!allow_seen);
        }
        sbx_acl_done(&x);
    }
}
END_TEST

/* Somebody's tool moved our deny behind an allow: it no longer protects and must be put back. */
START_TEST(merge__deny_behind_allow__added_again_in_front)
{
    struct sbx_acl x = {0};
    struct sbx_ace allow = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &sbx_sid_everyone);
    struct sbx_ace deny = sbx_ace_make(SBX_ACE_DENY, 0, SBX_DELETE, &cap_sid);
    size_t added = 0;

    ck_assert_sbx_ok(sbx_acl_insert(&x, 0, &allow, &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&x, 1, &deny, &err), &err);
    ck_assert(!sbx_acl_has_all(&x, &deny, 1));
    ck_assert_sbx_ok(sbx_acl_merge(&x, &deny, 1, &added, &err), &err);
    ck_assert_uint_eq(added, 1);
    ck_assert(sbx_ace_equal(&x.aces[0], &deny));
    ck_assert(sbx_acl_has_all(&x, &deny, 1));
    ck_assert_uint_eq(sbx_acl_remove(&x, &deny, 1), 2);
    ck_assert_uint_eq(x.count, 1);
    sbx_acl_done(&x);
}
END_TEST

START_TEST(merge__full_example__exact_order)
{
    struct sbx_acl x = {0};
    const struct sbx_ace list[] = {
        sbx_ace_make(SBX_ACE_DENY, 0, 2, &user_sid),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &user_sid),
        sbx_ace_make(SBX_ACE_DENY, SBX_ACE_INHERITED, 2, &sbx_sid_users),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_INHERITED, 1, &sbx_sid_users),
    };
    const struct sbx_ace ours[] = {
        sbx_ace_make(SBX_ACE_ALLOW, 0, 0x001201BF, &cap_sid),
        sbx_ace_make(SBX_ACE_DENY, 0, SBX_FILE_DELETE_CHILD, &cap_sid),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 0x001201BF, &cap_sid), /* given twice, added once */
    };
    size_t added = 0;
    size_t i;

    for (i = 0; i < countof(list); i++)
        ck_assert_sbx_ok(sbx_acl_insert(&x, i, &list[i], &err), &err);
    ck_assert_sbx_ok(sbx_acl_merge(&x, ours, countof(ours), &added, &err), &err);
    ck_assert_uint_eq(added, 2);
    ck_assert(sbx_ace_equal(&x.aces[0], &list[0]));
    ck_assert(sbx_ace_equal(&x.aces[1], &ours[1]));
    ck_assert(sbx_ace_equal(&x.aces[2], &list[1]));
    ck_assert(sbx_ace_equal(&x.aces[3], &ours[0]));
    ck_assert(sbx_ace_equal(&x.aces[4], &list[2]));
    ck_assert(sbx_ace_equal(&x.aces[5], &list[3]));
    sbx_acl_done(&x);
}
END_TEST

START_TEST(merge__null_or_absent__refused)
{
    struct sbx_acl null = {.kind = SBX_ACL_NULL};
    struct sbx_acl absent = {.kind = SBX_ACL_ABSENT};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &cap_sid);
    size_t added = 0;

    ck_assert_int_eq(sbx_acl_merge(&null, &ace, 1, &added, &err), SBX_UNSUPPORTED);
    ck_assert_int_eq(sbx_acl_merge(&absent, &ace, 1, &added, &err), SBX_UNSUPPORTED);
    ck_assert_int_eq(null.kind, SBX_ACL_NULL);
    ck_assert_int_eq(absent.kind, SBX_ACL_ABSENT);
    ck_assert_int_eq(sbx_acl_insert(&null, 0, &ace, &err), SBX_UNSUPPORTED);
}
END_TEST

START_TEST(merge__inherited_or_foreign_entry__refused)
{
    struct sbx_acl x = {.kind = SBX_ACL_LIST};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_INHERITED, 1, &cap_sid);
    size_t added = 0;

    ck_assert_int_eq(sbx_acl_merge(&x, &ace, 1, &added, &err), SBX_INTERNAL);
    ace = sbx_ace_make(9, 0, 1, &cap_sid);
    ck_assert_int_eq(sbx_acl_merge(&x, &ace, 1, &added, &err), SBX_INTERNAL);
    ck_assert_uint_eq(x.count, 0);
}
END_TEST

START_TEST(merge__list_full__refused_and_unchanged)
{
    struct sbx_acl x = {0}, before = {0};
    struct sbx_ace ours[2] = {
        sbx_ace_make(SBX_ACE_DENY, 0, 1, &cap_sid), sbx_ace_make(SBX_ACE_DENY, 0, 2, &cap_sid)};
    struct sbx_ace filler = sbx_ace_make(SBX_ACE_ALLOW, 0, 0, &sbx_sid_everyone);
    size_t added = 77;

    while (sbx_acl_size_bytes(&x) + 20 + 36 <= SBX_ACL_MAX_BYTES) {
        filler.mask++;
        ck_assert_sbx_ok(sbx_acl_insert(&x, x.count, &filler, &err), &err);
    }
    ck_assert_sbx_ok(sbx_acl_copy(&x, &before, &err), &err);
    ck_assert_int_eq(sbx_acl_merge(&x, ours, 2, &added, &err), SBX_INVALID);
    ck_assert(sbx_acl_equal(&x, &before));
    sbx_acl_done(&x);
    sbx_acl_done(&before);
}
END_TEST

START_TEST(remove_sid__only_explicit_entries_of_that_sid)
{
    struct sbx_acl x = {0};
    const struct sbx_ace list[] = {
        sbx_ace_make(SBX_ACE_DENY, 0, 2, &cap_sid),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_OI, 1, &user_sid),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 77, &cap_sid),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_INHERITED, 1, &cap_sid),
    };
    size_t i;

    for (i = 0; i < countof(list); i++)
        ck_assert_sbx_ok(sbx_acl_insert(&x, i, &list[i], &err), &err);
    ck_assert_uint_eq(sbx_acl_remove_sid(&x, &cap_sid), 2);
    ck_assert_uint_eq(x.count, 2);
    ck_assert(sbx_ace_equal(&x.aces[0], &list[1]));
    ck_assert(sbx_ace_equal(&x.aces[1], &list[3]));
    sbx_acl_done(&x);
}
END_TEST

/* --- inheritance --------------------------------------------------------------------------- */

#define OI SBX_ACE_OI
#define CI SBX_ACE_CI
#define NP SBX_ACE_NP
#define IO SBX_ACE_IO
#define ID SBX_ACE_INHERITED
#define NONE 0xFF

/* Rows of the table on Learn's "ACE inheritance rules"; NONE = nothing is inherited. */
static const struct {
    uint8_t parent, file, directory;
} rules[] = {
    {0, NONE, NONE},
    {OI, ID, OI | IO | ID},
    {OI | NP, ID, NONE},
    {CI, NONE, CI | ID},
    {CI | NP, NONE, ID},
    {OI | CI, ID, OI | CI | ID},
    {OI | CI | NP, ID, ID},
    {OI | IO, ID, OI | IO | ID},
    {CI | IO, NONE, CI | ID},
    {OI | CI | IO, ID, OI | CI | ID},
    {OI | CI | IO | NP, ID, ID},
    {OI | CI | IO | ID, ID, OI | CI | ID},
    {IO, NONE, NONE},
    {ID, NONE, NONE},
};

START_TEST(inherit__flag_table__as_documented)
{
    bool directory = _i % 2;
    uint8_t wanted = directory ? rules[_i / 2].directory : rules[_i / 2].file;
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_DENY, rules[_i / 2].parent, 0x116, &cap_sid);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_acl_inherit(&parent, directory, &user_sid, &group_sid, &got, &err), &err);
    ck_assert_int_eq(got.kind, SBX_ACL_LIST);
    ck_assert_uint_eq(got.count, wanted == NONE ? 0 : 1);
    if (wanted != NONE) {
        ck_assert_uint_eq(got.aces[0].flags, wanted);
        ck_assert_uint_eq(got.aces[0].mask, 0x116);
        ck_assert_uint_eq(got.aces[0].type, SBX_ACE_DENY);
        ck_assert(sbx_sid_equal(&got.aces[0].sid, &cap_sid));
    }
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(inherit__creator_owner_generic_all__file_gets_resolved_entry)
{
    struct sbx_ace ace =
        sbx_ace_make(SBX_ACE_ALLOW, OI | CI | IO, SBX_GENERIC_ALL, &sbx_sid_creator_owner);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_acl_inherit(&parent, false, &user_sid, &group_sid, &got, &err), &err);
    ck_assert_uint_eq(got.count, 1);
    ck_assert(sbx_sid_equal(&got.aces[0].sid, &user_sid));
    ck_assert_uint_eq(got.aces[0].mask, SBX_FILE_ALL);
    ck_assert_uint_eq(got.aces[0].flags, ID);
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(inherit__creator_group_directory__resolved_and_passed_on)
{
    struct sbx_ace ace =
        sbx_ace_make(SBX_ACE_ALLOW, OI | CI | IO, SBX_GENERIC_READ, &sbx_sid_creator_group);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_acl_inherit(&parent, true, &user_sid, &group_sid, &got, &err), &err);
    ck_assert_uint_eq(got.count, 2);
    ck_assert(sbx_sid_equal(&got.aces[0].sid, &group_sid));
    ck_assert_uint_eq(got.aces[0].mask, SBX_FILE_GENERIC_READ);
    ck_assert_uint_eq(got.aces[0].flags, ID);
    ck_assert(sbx_sid_equal(&got.aces[1].sid, &sbx_sid_creator_group));
    ck_assert_uint_eq(got.aces[1].mask, SBX_GENERIC_READ);
    ck_assert_uint_eq(got.aces[1].flags, OI | CI | IO | ID);
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(inherit__creator_no_propagate__effective_only)
{
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, CI | NP, 0x1F01FF, &sbx_sid_creator_owner);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_acl_inherit(&parent, true, &user_sid, &group_sid, &got, &err), &err);
    ck_assert_uint_eq(got.count, 1);
    ck_assert(sbx_sid_equal(&got.aces[0].sid, &user_sid));
    ck_assert_uint_eq(got.aces[0].flags, ID);
    sbx_acl_done(&got);
    ck_assert_sbx_ok(sbx_acl_inherit(&parent, true, NULL, NULL, &got, &err), &err);
    ck_assert_uint_eq(got.count, 0);
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(map_generic__each_bit__file_rights)
{
    ck_assert_uint_eq(sbx_file_map_generic(0x80000000u), 0x00120089u);
    ck_assert_uint_eq(sbx_file_map_generic(0x40000000u), 0x00120116u);
    ck_assert_uint_eq(sbx_file_map_generic(0x20000000u), 0x001200A0u);
    ck_assert_uint_eq(sbx_file_map_generic(0x10000000u), 0x001F01FFu);
    ck_assert_uint_eq(sbx_file_map_generic(0xA0010000u), 0x001300A9u);
    ck_assert_uint_eq(sbx_file_map_generic(0x001301BFu), 0x001301BFu);
}
END_TEST

START_TEST(reinherit__random__explicit_kept_and_stable)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl parent, once = {0}, twice = {0};
        struct sbx_descriptor child;
        bool directory = pick(2);
        size_t i, at = 0;

        random_acl(&parent, SBX_ACL_LIST);
        random_descriptor(&child);
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &once, &err), &err);
        if (child.dacl.kind != SBX_ACL_LIST || (child.control & SBX_SD_DACL_PROTECTED)) {
            ck_assert(sbx_acl_equal(&once, &child.dacl));
        } else {
            for (i = 0; i < child.dacl.count; i++) {
                if (!(child.dacl.aces[i].flags & ID))
                    ck_assert(sbx_ace_equal(&once.aces[at++], &child.dacl.aces[i]));
            }
            for (; at < once.count; at++)
                ck_assert(once.aces[at].flags & ID);
        }
        sbx_acl_done(&child.dacl);
        child.dacl = once;
        memset(&once, 0, sizeof(once));
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &twice, &err), &err);
        ck_assert(sbx_acl_equal(&twice, &child.dacl));
        sbx_acl_done(&parent);
        sbx_acl_done(&twice);
        sbx_descriptor_done(&child);
    }
}
END_TEST

/* Granting on the parent and revoking again brings every descendant back to its bytes. */
START_TEST(reinherit__grant_then_revoke__child_as_before)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl parent, first = {0}, granted = {0}, last = {0};
        struct sbx_descriptor child;
        struct sbx_ace ours[6];
        size_t count = make_ours(ours);
        size_t added;
        bool directory = pick(2);

        random_acl(&parent, SBX_ACL_LIST);
        random_descriptor(&child);
        /* The state that a tree is in before we touch it: inherited part up to date. */
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &first, &err), &err);
        sbx_acl_done(&child.dacl);
        child.dacl = first;
        ck_assert_sbx_ok(sbx_acl_merge(&parent, ours, count, &added, &err), &err);
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &granted, &err), &err);
        ck_assert_uint_eq(sbx_acl_remove(&parent, ours, count), added);
        first = child.dacl;
        child.dacl = granted;
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &last, &err), &err);
        ck_assert(sbx_acl_equal(&first, &last));
        sbx_acl_done(&parent);
        sbx_acl_done(&first);
        sbx_acl_done(&last);
        sbx_descriptor_done(&child);
    }
}
END_TEST

/* Inheriting into a list that has no room left. */
START_TEST(reinherit__child_list_full__refused)
{
    struct sbx_acl parent = {0}, out = {0};
    struct sbx_descriptor child = {0};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &sbx_sid_everyone);
    struct sbx_ace down = sbx_ace_make(SBX_ACE_ALLOW, OI, 1, &cap_sid);

    while (sbx_acl_size_bytes(&child.dacl) + 20 <= SBX_ACL_MAX_BYTES)
        ck_assert_sbx_ok(sbx_acl_insert(&child.dacl, child.dacl.count, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &down, &err), &err);
    ck_assert_int_eq(sbx_acl_reinherit(&parent, &child, false, &out, &err), SBX_INVALID);
    ck_assert_int_eq(out.kind, SBX_ACL_ABSENT);
    sbx_acl_done(&parent);
    sbx_descriptor_done(&child);
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
    tcase_add_test(tcase, merge__random_lists__idempotent_and_removable);
    tcase_add_test(tcase, merge__every_deny_of_ours__before_every_allow);
    tcase_add_test(tcase, merge__deny_behind_allow__added_again_in_front);
    tcase_add_test(tcase, merge__full_example__exact_order);
    tcase_add_test(tcase, merge__null_or_absent__refused);
    tcase_add_test(tcase, merge__inherited_or_foreign_entry__refused);
    tcase_add_test(tcase, merge__list_full__refused_and_unchanged);
    tcase_add_test(tcase, remove_sid__only_explicit_entries_of_that_sid);
    tcase_add_loop_test(tcase, inherit__flag_table__as_documented, 0, 2 * (int)countof(rules));
    tcase_add_test(tcase, inherit__creator_owner_generic_all__file_gets_resolved_entry);
    tcase_add_test(tcase, inherit__creator_group_directory__resolved_and_passed_on);
    tcase_add_test(tcase, inherit__creator_no_propagate__effective_only);
    tcase_add_test(tcase, map_generic__each_bit__file_rights);
    tcase_add_test(tcase, reinherit__random__explicit_kept_and_stable);
    tcase_add_test(tcase, reinherit__grant_then_revoke__child_as_before);
    tcase_add_test(tcase, reinherit__child_list_full__refused);
    tcase_add_test(tcase, parse__sixteen_thousand_entries__linear);
    tcase_add_test(tcase, sid_from_prefix__longer_run_of_bytes__exact_length);
}

UNIT_MAIN("acldata", add_tests)

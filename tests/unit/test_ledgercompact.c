/* Fewer lines, the same answers (sbx_ledger_compact). */
#include "tests/support/unit.h"
#include "shared/core/ledgerline.h"

#include <stdio.h>

#define OBJECTS 4u
#define LISTS 3u
#define ROUNDS 3000u

static struct sbx_error err;
static uint64_t rng;
static struct sbx_buf file, smaller;
static struct sbx_ledger_records records, after;
static size_t count;
static struct sbx_ace aces[LISTS + 1];
static char *root_path = (char *)(uintptr_t) "C:\\ws";

static void setup(void)
{
    static const struct sbx_sid cap = {5, 5, {21, 11, 22, 33, 0x80000044u}};
    uint32_t i;

    sbx_error_init(&err);
    rng = unit_seed();
    sbx_buf_init(&file, SBX_LEDGER_MAX_BYTES);
    sbx_buf_init(&smaller, SBX_LEDGER_MAX_BYTES);
    for (i = 0; i < countof(aces); i++)
        aces[i] = sbx_ace_make(SBX_ACE_DENY, 3, 1u << i, &cap);
    count = 0;
}

static void forget(void)
{
    sbx_ledger_records_done(&records);
    sbx_ledger_records_done(&after);
    memset(&records, 0, sizeof(records));
    memset(&after, 0, sizeof(after));
    sbx_buf_clear(&file);
    sbx_buf_clear(&smaller);
    count = 0;
}

static void teardown(void)
{
    forget();
    sbx_buf_done(&file);
    sbx_buf_done(&smaller);
}

/* @param list entries aces[0..list] @param added how many of them */
static void add(enum sbx_ledger_kind kind, unsigned object, size_t list, size_t added, char *path)
{
    struct sbx_ledger_record record = {.kind = kind,
        .sequence = ++count,
        .path = path,
        .volume_guid = (char *)(uintptr_t) "",
        .capability = (char *)(uintptr_t) "S-1-5-21-1-2-3-4",
        .is_directory = object == 0,
        .aces = kind == SBX_LEDGER_TARGET || kind == SBX_LEDGER_DONE ? aces : NULL,
        .added = kind == SBX_LEDGER_TARGET ? aces : NULL};

    record.ace_count = record.aces ? list + 1 : 0;
    record.added_count = record.added ? added : 0;
    memset(record.file_id, (int)object, sizeof(record.file_id));
    ck_assert_sbx_ok(sbx_ledger_format(&record, &file, &err), &err);
}

static bool gone(void *ctx, const struct sbx_ledger_record *record)
{
    (void)record;
    return *(bool *)ctx;
}

static size_t compact(bool is_gone)
{
    size_t lines = 0;

    ck_assert_sbx_ok(sbx_ledger_read(file.data, file.length_bytes, &records, &err), &err);
    ck_assert(!records.damaged);
    ck_assert_sbx_ok(sbx_ledger_compact(&records, gone, &is_gone, &smaller, &lines, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_read(smaller.data, smaller.length_bytes, &after, &err), &err);
    ck_assert_msg(!after.damaged, "%s", after.why);
    ck_assert_uint_eq(after.count, lines);
    return lines;
}

static void same_added(const uint8_t id[16])
{
    struct sbx_ace *was = NULL, *is = NULL;
    size_t was_count = 0, is_count = 0, i, k;

    ck_assert_sbx_ok(sbx_ledger_added(&records, id, &was, &was_count, &err), &err);
    ck_assert_sbx_ok(sbx_ledger_added(&after, id, &is, &is_count, &err), &err);
    ck_assert_uint_eq(was_count, is_count);
    for (i = 0; i < was_count; i++) {
        for (k = 0; k < is_count && !sbx_ace_equal(&was[i], &is[k]); k++) {
        }
        ck_assert_uint_lt(k, is_count);
    }
    free(was);
    free(is);
}

/* Every question that grants and revoke ask has the same answer. */
START_TEST(random_ledgers__compact__same_answers)
{
    unsigned round, i, k;

    for (round = 0; round < ROUNDS; round++) {
        unsigned lines = (unsigned)(unit_random(&rng) % 40);

        forget();
        add(SBX_LEDGER_ROOT, 0, 0, 0, root_path);
        for (i = 0; i < lines; i++) {
            enum sbx_ledger_kind kind = (enum sbx_ledger_kind)(1 + unit_random(&rng) % 4);
            size_t list = (size_t)(unit_random(&rng) % LISTS);

            if (kind == SBX_LEDGER_DONE && unit_random(&rng) % 2)
                kind = SBX_LEDGER_TARGET;
            add(kind, (unsigned)(unit_random(&rng) % OBJECTS), list,
                (size_t)(unit_random(&rng) % (list + 2)), root_path);
        }
        ck_assert_uint_le(compact(false), 1 + 2 * OBJECTS * LISTS);
        for (i = 0; i < OBJECTS; i++) {
            uint8_t id[16];

            memset(id, (int)i, sizeof(id));
            same_added(id);
            for (k = 0; k < LISTS; k++) {
                bool has_target = false;
                size_t n;

                for (n = 0; n < records.count; n++)
                    has_target = has_target || (records.items[n].kind == SBX_LEDGER_TARGET &&
                                                   memcmp(records.items[n].file_id, id, 16) == 0 &&
                                                   records.items[n].ace_count == k + 1);
                if (has_target && sbx_ledger_is_done(&after, id, aces, k + 1))
                    ck_assert(sbx_ledger_is_done(&records, id, aces, k + 1));
                if (!sbx_ledger_is_done(&records, id, aces, k + 1))
                    ck_assert(!sbx_ledger_is_done(&after, id, aces, k + 1));
            }
        }
    }
}
END_TEST

/* What is complete stays complete: no walk is done again because of a shorter ledger. */
START_TEST(granted_and_walked__compact__still_done)
{
    uint8_t id[16] = {0};
    int i;

    add(SBX_LEDGER_ROOT, 0, 0, 0, root_path);
    for (i = 0; i < 500; i++) {
        add(SBX_LEDGER_TARGET, 0, 2, (size_t)(i % 4), root_path);
        add(SBX_LEDGER_STALE, 0, 0, 0, (char *)(uintptr_t) "");
        add(SBX_LEDGER_DONE, 0, 2, 0, root_path);
    }
    ck_assert_uint_eq(compact(false), 3);
    ck_assert(sbx_ledger_is_done(&after, id, aces, 3));
    same_added(id);
}
END_TEST

/* An editor's atomic saves: each makes an object of the same name. */
START_TEST(file_replaced_often__compact__only_what_exists)
{
    char *path = (char *)(uintptr_t) "C:\\ws\\.mcp.json";
    unsigned i;

    add(SBX_LEDGER_ROOT, 0, 0, 0, root_path);
    for (i = 1; i <= 200; i++)
        add(SBX_LEDGER_TARGET, i, 0, 1, path);
    ck_assert_uint_eq(compact(true), 2);
    ck_assert_uint_eq(after.items[1].file_id[0], 200);
    sbx_ledger_records_done(&records);
    sbx_ledger_records_done(&after);
    sbx_buf_clear(&smaller);
    ck_assert_uint_eq(compact(false), 201); /* they live under other names: revoke needs them */
}
END_TEST

START_TEST(empty__compact__nothing)
{
    size_t lines = 7;

    ck_assert_sbx_ok(sbx_ledger_compact(&records, NULL, NULL, &smaller, &lines, &err), &err);
    ck_assert_uint_eq(lines, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, random_ledgers__compact__same_answers);
    tcase_add_test(tcase, granted_and_walked__compact__still_done);
    tcase_add_test(tcase, file_replaced_often__compact__only_what_exists);
    tcase_add_test(tcase, empty__compact__nothing);
}

UNIT_MAIN("ledgercompact", add_tests)

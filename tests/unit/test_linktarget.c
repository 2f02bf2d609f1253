/* linktarget: what Windows writes is read, what it does not is refused, nothing outside is read. */
#include "shared/core/linktarget.h"

#include "tests/support/unit.h"

/* A reparse buffer around one target; the print name is left empty. */
static size_t make(uint8_t *bytes, uint32_t tag, const char *target, uint32_t flags)
{
    size_t names = tag == SBX_REPARSE_SYMLINK ? 20 : 16, count = 2 * strlen(target), i;

    memset(bytes, 0, names + count);
    for (i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(tag >> (8 * i));
    bytes[4] = (uint8_t)(names - 8 + count);
    bytes[5] = (uint8_t)((names - 8 + count) >> 8);
    bytes[10] = (uint8_t)count;
    bytes[11] = (uint8_t)(count >> 8);
    bytes[12] = bytes[10];
    if (tag == SBX_REPARSE_SYMLINK)
        bytes[16] = (uint8_t)flags;
    for (i = 0; target[i]; i++)
        bytes[names + 2 * i] = (uint8_t)target[i];
    return names + count;
}

struct row {
    uint32_t tag, flags;
    const char *target, *want;
    bool relative;
};

static const struct row rows[] = {
    {SBX_REPARSE_JUNCTION, 0, "\\??\\C:\\x", "C:\\x", false},
    {SBX_REPARSE_JUNCTION, 0, "\\??\\Volume{1}\\", "\\\\?\\Volume{1}\\", false},
    {SBX_REPARSE_SYMLINK, 0, "\\??\\C:\\x\\y", "C:\\x\\y", false},
    {SBX_REPARSE_SYMLINK, 0, "\\??\\UNC\\s\\h", "\\\\s\\h", false},
    {SBX_REPARSE_SYMLINK, 1, "..\\x", "..\\x", true},
    {SBX_REPARSE_SYMLINK, 1, "", "", true},
};

START_TEST(linktarget__parse__target_and_kind)
{
    const struct row *row = &rows[_i];
    uint8_t bytes[300];
    size_t length = make(bytes, row->tag, row->target, row->flags), cut;
    bool relative = !row->relative;
    char *target = NULL;

    ck_assert_int_eq(sbx_linktarget_parse(bytes, length, &target, &relative, NULL), SBX_OK);
    ck_assert_str_eq(target, row->want);
    ck_assert_int_eq(relative, row->relative);
    free(target);
    for (cut = 0; cut < length; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1); /* so that reading past it is seen */

        memcpy(exact, bytes, cut);
        ck_assert_int_eq(sbx_linktarget_parse(exact, cut, &target, &relative, NULL), SBX_INVALID);
        free(exact);
    }
}
END_TEST

START_TEST(linktarget__odd_bytes__refused)
{
    uint8_t bytes[300];
    size_t length = make(bytes, SBX_REPARSE_JUNCTION, "\\??\\C:\\x", 0);
    bool relative;
    char *target = NULL;

    bytes[8] = 1; /* offset that is odd */
    ck_assert_int_eq(sbx_linktarget_parse(bytes, length, &target, &relative, NULL), SBX_INVALID);
    bytes[8] = 0xFE;
    bytes[9] = 0xFF;
    ck_assert_int_eq(sbx_linktarget_parse(bytes, length, &target, &relative, NULL), SBX_INVALID);
    length = make(bytes, 0x80000017u, "x", 0);
    ck_assert_int_eq(
        sbx_linktarget_parse(bytes, length, &target, &relative, NULL), SBX_UNSUPPORTED);
    length = make(bytes, SBX_REPARSE_JUNCTION, "ab", 0);
    bytes[17] = 0xD8; /* a lone surrogate */
    ck_assert_int_eq(sbx_linktarget_parse(bytes, length, &target, &relative, NULL), SBX_INVALID);
    ck_assert_ptr_null(target);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, linktarget__parse__target_and_kind, 0, (int)countof(rows));
    tcase_add_test(tcase, linktarget__odd_bytes__refused);
}

UNIT_MAIN("linktarget", add_tests)

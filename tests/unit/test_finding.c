/* Findings are sent as JSON, which refuses half a character. */
#include "tests/support/unit.h"
#include "shared/core/finding.h"
#include "shared/core/utf.h"

#include <string.h>

/* Every offset of a three-byte character around the end of the text. */
START_TEST(add__text_cut_inside_a_character__stays_whole)
{
    struct sbx_findings findings;
    char text[2 * SBX_FINDING_TEXT_MAX];
    size_t length = SBX_FINDING_TEXT_MAX - 12u + (size_t)_i;

    memset(text, 'a', length);
    text[length] = '\0';
    while (length + 4 < sizeof(text)) {
        memcpy(text + length, "\xE2\x82\xAC", 4);
        length += 3;
    }
    sbx_findings_init(&findings);
    sbx_findings_add(&findings, "Fact", "%s", text);
    length = strlen(findings.items[0].text);
    ck_assert_uint_eq(sbx_utf8_valid_bytes(findings.items[0].text, length), length);
    ck_assert_str_eq(findings.items[0].text + length - 3, "...");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, add__text_cut_inside_a_character__stays_whole, 0, 12);
}

UNIT_MAIN("finding", add_tests)

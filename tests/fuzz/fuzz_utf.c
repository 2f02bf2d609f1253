/* utf: what converts, converts back; what does not is refused by every function alike. */
#include "shared/core/utf.h"

#include "tests/fuzz/fuzz.h"

static void check_utf8(const char *text, size_t size)
{
    size_t valid = sbx_utf8_valid_bytes(text, size), cch = 0, back_bytes = 0;
    bool has_nul = size && memchr(text, 0, size);
    sbx_char16 *wide = NULL;
    struct sbx_error err;
    enum sbx_status status = sbx_utf8_to_utf16(text, size, &wide, &cch, &err);
    char *back = NULL;

    FUZZ_CHECK(valid <= size && sbx_utf_is_valid(text, valid));
    FUZZ_CHECK((status == SBX_OK) == (valid == size && !has_nul));
    FUZZ_CHECK(sbx_utf8_check(text, size, NULL) == status);
    if (status)
        return;
    FUZZ_CHECK(cch == sbx_utf8_cch(text, size) && sbx_utf16_cch(wide) == cch);
    FUZZ_CHECK(sbx_utf16_to_utf8(wide, cch, &back, &back_bytes, &err) == SBX_OK);
    FUZZ_CHECK(back_bytes == size && memcmp(back, text, size) == 0);
    free(wide);
    free(back);
}

static void check_utf16(const uint8_t *data, size_t size)
{
    size_t cch = size / 2, bytes = 0, back_cch = 0;
    sbx_char16 *wide = malloc(size + 2), *back = NULL;
    struct sbx_error err;
    char *text = NULL;

    FUZZ_CHECK(wide != NULL);
    if (cch)
        memcpy(wide, data, cch * 2);
    if (sbx_utf16_to_utf8(wide, cch, &text, &bytes, &err) == SBX_OK) {
        FUZZ_CHECK(sbx_utf_is_valid(text, bytes) && strlen(text) == bytes);
        FUZZ_CHECK(sbx_utf8_to_utf16(text, bytes, &back, &back_cch, &err) == SBX_OK);
        FUZZ_CHECK(back_cch == cch && memcmp(back, wide, cch * 2) == 0);
    }
    free(wide);
    free(text);
    free(back);
}

static void check_printable(const char *text, size_t size)
{
    char out[40];
    size_t i, room = 8 + size % 32;

    sbx_utf_printable(text, size, out, room);
    FUZZ_CHECK(strlen(out) < room && sbx_utf_is_valid(out, strlen(out)));
    for (i = 0; out[i]; i++)
        FUZZ_CHECK((unsigned char)out[i] >= 0x20 && out[i] != 0x7F);
}

/* The order of UTF-16 units, computed the long way. */
static int compare_wide(const char *a, const char *b)
{
    sbx_char16 *a_w = NULL, *b_w = NULL;
    struct sbx_error err;
    size_t i = 0;
    int order;

    FUZZ_CHECK(sbx_utf8_to_utf16(a, strlen(a), &a_w, NULL, &err) == SBX_OK);
    FUZZ_CHECK(sbx_utf8_to_utf16(b, strlen(b), &b_w, NULL, &err) == SBX_OK);
    for (;; i++) {
        int x = a_w[i] < 0x80 ? sbx_ascii_upper((char)a_w[i]) : a_w[i];
        int y = b_w[i] < 0x80 ? sbx_ascii_upper((char)b_w[i]) : b_w[i];

        order = x - y;
        if (order || !x)
            break;
    }
    free(a_w);
    free(b_w);
    return order;
}

static void check_order(const char *text)
{
    const char *second = strchr(text, '|');
    char *first;
    int got, want;

    if (!second || !sbx_utf_is_valid(text, strlen(text)))
        return;
    first = fuzz_string((const uint8_t *)text, (size_t)(second - text));
    second++;
    got = sbx_utf_compare_ci_ascii(first, second);
    want = compare_wide(first, second);
    FUZZ_CHECK((got < 0) == (want < 0) && (got > 0) == (want > 0));
    FUZZ_CHECK(sbx_utf_equal_ci_ascii(first, second) == (got == 0));
    free(first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);

    check_utf8((const char *)data, size);
    check_utf16(data, size);
    check_printable((const char *)data, size);
    check_order(text);
    free(text);
    return 0;
}

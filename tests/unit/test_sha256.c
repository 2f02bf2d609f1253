/* sha256: the vectors of NIST (FIPS 180-4 examples and CAVS), in one piece and in many. */
#include "shared/core/sha256.h"

#include "tests/support/unit.h"

struct row {
    const char *text;
    const char *digest;
};

static const struct row rows[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmno"
     "pqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

START_TEST(sha256__known_texts__match)
{
    const struct row *row = &rows[_i];
    uint8_t digest[SBX_SHA256_BYTES];
    char hex[SBX_SHA256_HEX_SIZE];

    sbx_sha256(row->text, strlen(row->text), digest);
    sbx_sha256_hex(digest, hex);
    ck_assert_str_eq(hex, row->digest);
}
END_TEST

START_TEST(sha256__million_a__match)
{
    uint8_t digest[SBX_SHA256_BYTES], block[1000];
    char hex[SBX_SHA256_HEX_SIZE];
    struct sbx_sha256 sha;
    int i;

    memset(block, 'a', sizeof(block));
    sbx_sha256_init(&sha);
    for (i = 0; i < 1000; i++)
        sbx_sha256_add(&sha, block, sizeof(block));
    sbx_sha256_end(&sha, digest);
    sbx_sha256_hex(digest, hex);
    ck_assert_str_eq(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(sha256__any_split__same_digest)
{
    uint8_t bytes[200], whole[SBX_SHA256_BYTES], parts[SBX_SHA256_BYTES];
    struct sbx_sha256 sha;
    size_t length, split;

    for (length = 0; length < sizeof(bytes); length++)
        bytes[length] = (uint8_t)(length * 7);
    for (length = 50; length < 135; length++) {
        sbx_sha256(bytes, length, whole);
        for (split = 0; split <= length; split++) {
            sbx_sha256_init(&sha);
            sbx_sha256_add(&sha, bytes, split);
            sbx_sha256_add(&sha, bytes + split, length - split);
            sbx_sha256_end(&sha, parts);
            ck_assert_mem_eq(whole, parts, sizeof(whole));
        }
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, sha256__known_texts__match, 0, (int)countof(rows));
    tcase_add_test(tcase, sha256__million_a__match);
    tcase_add_test(tcase, sha256__any_split__same_digest);
}

UNIT_MAIN("sha256", add_tests)

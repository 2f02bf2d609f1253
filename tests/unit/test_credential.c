/* credentials.json: what is written reads back, and nothing else is believed. */
#include "tests/support/unit.h"
#include "shared/core/credential.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_credentials credentials;
static struct sbx_buf text;

static void setup(void)
{
    sbx_error_init(&err);
    memset(&credentials, 0, sizeof(credentials));
    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
}

static void teardown(void)
{
    sbx_credentials_done(&credentials);
    sbx_buf_done(&text);
}

static void set(const char *name, const char *sid, const char *blob)
{
    ck_assert_sbx_ok(sbx_credentials_set(&credentials, name, sid, blob, strlen(blob), &err), &err);
}

static enum sbx_status parse(const char *json)
{
    return sbx_credentials_parse(json, strlen(json), &credentials, &err);
}

START_TEST(format__two_accounts__reads_back_equal)
{
    struct sbx_credentials back = {0};
    const struct sbx_credential *found;

    set("AgentSandboxOffline", "S-1-5-21-1-2-3-1001", "blob one");
    set("AgentSandboxOnline", "S-1-5-21-1-2-3-1002", "\x01\xFF blob two");
    ck_assert_sbx_ok(sbx_credentials_format(&credentials, &text, &err), &err);
    ck_assert_sbx_ok(sbx_credentials_parse(text.data, text.length_bytes, &back, &err), &err);
    ck_assert_uint_eq(back.count, 2);
    found = sbx_credentials_find(&back, "agentsandboxonline");
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found->sid, "S-1-5-21-1-2-3-1002");
    ck_assert_uint_eq(found->blob_bytes, 11);
    ck_assert_mem_eq(found->blob, "\x01\xFF blob two", 11);
    ck_assert_ptr_null(sbx_credentials_find(&back, "AgentSandboxOnline2"));
    ck_assert_ptr_null(sbx_credentials_find(&back, "AgentSandbox"));
    sbx_credentials_done(&back);
}
END_TEST

START_TEST(set__same_name__replaces)
{
    set("AgentSandboxOffline", "S-1-5-21-1-2-3-1001", "old");
    set("AGENTSANDBOXOFFLINE", "S-1-5-21-1-2-3-2001", "new one");
    ck_assert_uint_eq(credentials.count, 1);
    ck_assert_str_eq(credentials.items[0].sid, "S-1-5-21-1-2-3-2001");
    ck_assert_mem_eq(credentials.items[0].blob, "new one", 7);
}
END_TEST

static const char *const bad_names[] = {"", "AgentSandboxOffline22", "a b", "a\\b", "a/b", "a\"b",
    "a[b", "a:b", "a;b", "a|b", "a=b", "a,b", "a+b", "a*b", "a?b", "a<b", "a>b", "a@b", "a.", ".",
    "\xC3\xA4", "a\n", "a\x7F"};

START_TEST(set__name_that_sam_refuses__refused)
{
    ck_assert_int_eq(
        sbx_credentials_set(&credentials, bad_names[_i], "S-1-5-21-1-2-3-4", "b", 1, &err),
        SBX_INVALID);
    ck_assert_uint_eq(credentials.count, 0);
}
END_TEST

START_TEST(set__bad_sid_or_blob__refused)
{
    static uint8_t blob[SBX_CREDENTIAL_BLOB_MAX_BYTES + 1];

    ck_assert_int_eq(sbx_credentials_set(&credentials, "a", "S-1-5", "b", 1, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_credentials_set(&credentials, "a", "BA", "b", 1, &err), SBX_INVALID);
    ck_assert_int_eq(
        sbx_credentials_set(&credentials, "a", "S-1-5-21-1", "", 0, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_credentials_set(&credentials, "a", "S-1-5-21-1", blob, sizeof(blob), &err),
        SBX_INVALID);
    ck_assert_sbx_ok(
        sbx_credentials_set(&credentials, "a", "S-1-5-21-1", blob, sizeof(blob) - 1, &err), &err);
    /* A SID belongs to one account, whatever it is called. */
    ck_assert_int_eq(
        sbx_credentials_set(&credentials, "b", "S-1-5-21-1", "b", 1, &err), SBX_INVALID);
    ck_assert_uint_eq(credentials.count, 1);
}
END_TEST

START_TEST(full__most_accounts_and_largest_blobs__round_trip)
{
    static uint8_t blob[SBX_CREDENTIAL_BLOB_MAX_BYTES];
    struct sbx_credentials back = {0};
    char name[32];
    char sid[64];
    unsigned i;

    memset(blob, 0xA5, sizeof(blob));
    for (i = 0; i < SBX_CREDENTIALS_MAX; i++) {
        snprintf(name, sizeof(name), "AgentSandboxOnline%u", i);
        snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%u", 1000 + i);
        ck_assert_sbx_ok(
            sbx_credentials_set(&credentials, name, sid, blob, sizeof(blob), &err), &err);
    }
    ck_assert_int_eq(
        sbx_credentials_set(&credentials, "more", "S-1-5-21-9", "b", 1, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_credentials_format(&credentials, &text, &err), &err);
    ck_assert_sbx_ok(sbx_credentials_parse(text.data, text.length_bytes, &back, &err), &err);
    ck_assert_uint_eq(back.count, SBX_CREDENTIALS_MAX);
    ck_assert_mem_eq(back.items[31].blob, blob, sizeof(blob));
    sbx_credentials_done(&back);
}
END_TEST

#define ITEM "{\"name\":\"A\",\"sid\":\"S-1-5-21-1\",\"blob\":\"c2VjcmV0\"}"
static const char *const bad_files[] = {"", "[]", "{}", "{\"version\":1}", "{\"accounts\":[]}",
    "{\"version\":2,\"accounts\":[]}", "{\"version\":1.5,\"accounts\":[]}",
    "{\"version\":\"1\",\"accounts\":[]}", "{\"version\":1,\"accounts\":{}}",
    "{\"version\":1,\"accounts\":[1]}", "{\"version\":1,\"accounts\":[{}]}",
    "{\"version\":1,\"accounts\":[],\"more\":1}",
    "{\"version\":1,\"accounts\":[" ITEM "," ITEM "]}", "{\"version\":1,\"accounts\":[" ITEM "]} x",
    "{\"version\":1,\"accounts\":[{\"name\":\"A\",\"sid\":\"S-1-5-21-1\"}]}",
    "{\"version\":1,\"accounts\":[{\"name\":\"A\",\"sid\":\"S-1-5-21-1\",\"blob\":null}]}",
    "{\"version\":1,\"accounts\":[{\"name\":\"A\",\"sid\":\"S-1-5-21-1\",\"blob\":\"\"}]}",
    "{\"version\":1,\"accounts\":[{\"name\":\"A\",\"sid\":\"S-1-5-21-1\",\"blob\":\"c2VjcmV\"}]}",
    "{\"version\":1,\"accounts\":[{\"name\":\"A\",\"sid\":\"x\",\"blob\":\"c2VjcmV0\"}]}",
    "{\"version\":1,\"accounts\":[{\"name\":\"..\\\\A\",\"sid\":\"S-1-1-0\",\"blob\":\"c2VjcmV0\"}]"
    "}",
    "{\"version\":1,\"accounts\":[{\"name\":\"A\",\"sid\":\"S-1-5-21-1\",\"blob\":\"c2VjcmV0\","
    "\"password\":\"x\"}]}",
    "{\"version\":1,\"accounts\":[" ITEM
    ",{\"name\":\"B\",\"sid\":\"S-1-5-21-1\",\"blob\":\"c2VjcmV0\"}]}"};

START_TEST(parse__not_that_file__refused_and_nothing_is_left)
{
    ck_assert_int_eq(parse(bad_files[_i]), SBX_INVALID);
    ck_assert_uint_eq(credentials.count, 0);
    ck_assert_ptr_null(credentials.items);
    ck_assert_ptr_null(strstr(err.context, "c2VjcmV"));
}
END_TEST

START_TEST(parse__the_twin__accepted)
{
    ck_assert_sbx_ok(parse("{\"version\":1,\"accounts\":[" ITEM "]}"), &err);
    ck_assert_mem_eq(credentials.items[0].blob, "secret", 6);
    sbx_credentials_done(&credentials);
    ck_assert_sbx_ok(parse("{\"version\":1,\"accounts\":[]}"), &err);
    ck_assert_uint_eq(credentials.count, 0);
}
END_TEST

START_TEST(parse__over_the_cap__refused)
{
    size_t size = SBX_CREDENTIAL_FILE_MAX_BYTES + 1;
    char *large = malloc(size);

    ck_assert_ptr_nonnull(large);
    memset(large, ' ', size);
    memcpy(large, "{\"version\":1,\"accounts\":[]}", 27);
    ck_assert_int_eq(sbx_credentials_parse(large, size, &credentials, &err), SBX_INVALID);
    ck_assert_sbx_ok(sbx_credentials_parse(large, size - 1, &credentials, &err), &err);
    free(large);
}
END_TEST

/* An error tells which place of the file, never what stands there. */
START_TEST(parse__damaged_blob__error_names_the_place_only)
{
    ck_assert_int_eq(parse("{\"version\":1,\"accounts\":[" ITEM
                           ",{\"name\":\"B\",\"sid\":\"S-1-5-21-2\",\"blob\":\"QUJD*EVG\"}]}"),
        SBX_INVALID);
    ck_assert_ptr_nonnull(strstr(err.context, "accounts[1]"));
    ck_assert_ptr_null(strstr(err.context, "QUJD"));
}
END_TEST

START_TEST(done__twice_and_null__nothing)
{
    set("A", "S-1-5-21-1", "blob");
    sbx_credentials_done(&credentials);
    sbx_credentials_done(&credentials);
    sbx_credentials_done(NULL);
    ck_assert_ptr_null(credentials.items);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, format__two_accounts__reads_back_equal);
    tcase_add_test(tcase, set__same_name__replaces);
    tcase_add_loop_test(tcase, set__name_that_sam_refuses__refused, 0, (int)countof(bad_names));
    tcase_add_test(tcase, set__bad_sid_or_blob__refused);
    tcase_add_test(tcase, full__most_accounts_and_largest_blobs__round_trip);
    tcase_add_loop_test(
        tcase, parse__not_that_file__refused_and_nothing_is_left, 0, (int)countof(bad_files));
    tcase_add_test(tcase, parse__the_twin__accepted);
    tcase_add_test(tcase, parse__over_the_cap__refused);
    tcase_add_test(tcase, parse__damaged_blob__error_names_the_place_only);
    tcase_add_test(tcase, done__twice_and_null__nothing);
}

UNIT_MAIN("credential", add_tests)

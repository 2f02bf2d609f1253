/* The installation record: what is written reads back, and nothing else does. */
#include "tests/support/unit.h"
#include "shared/core/installation.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_installation inst;
static struct sbx_installation back;
static struct sbx_buf text;

#define GROUP_SID "S-1-5-21-1-2-3-1000"
#define OFFLINE_SID "S-1-5-21-1-2-3-1001"
#define ONLINE_SID "S-1-5-21-1-2-3-1002"
#define USER_SID "S-1-5-21-1-2-3-500"
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void set(char **member, const char *value)
{
    free(*member);
    *member = NULL;
    if (value)
        ck_assert_sbx_ok(sbx_strdup(value, member, &err), &err);
}

static void setup(void)
{
    sbx_error_init(&err);
    memset(&inst, 0, sizeof(inst));
    memset(&back, 0, sizeof(back));
    sbx_buf_init(&text, SBX_INSTALLATION_MAX_BYTES);
    inst.schema = SBX_INSTALLATION_SCHEMA;
    inst.proxy_first = SBX_PROXY_PORT_FIRST;
    inst.proxy_last = SBX_PROXY_PORT_LAST;
    inst.fence_proved = true;
    set(&inst.product_version, "0.1.0");
    set(&inst.os_build, "windows 10.0.26100");
    set(&inst.group_sid, GROUP_SID);
    set(&inst.firewall_note, "overridden by group policy");
    ck_assert_sbx_ok(sbx_installation_add_account(&inst, SBX_OFFLINE_NAME, true, &err), &err);
    ck_assert_sbx_ok(sbx_installation_add_account(&inst, SBX_ONLINE_NAME, false, &err), &err);
    set(&inst.accounts[0].sid, OFFLINE_SID);
    set(&inst.accounts[1].sid, ONLINE_SID);
    ck_assert_sbx_ok(sbx_strings_add(&inst.operators, USER_SID, &err), &err);
    ck_assert_sbx_ok(sbx_installation_set_program(&inst, "command-runner.exe", HASH, &err), &err);
}

static void teardown(void)
{
    sbx_installation_done(&inst);
    sbx_installation_done(&back);
    sbx_buf_done(&text);
}

static void format(void)
{
    sbx_buf_clear(&text);
    ck_assert_sbx_ok(sbx_installation_format(&inst, &text, &err), &err);
}

START_TEST(format__whole_record__parses_and_prints_the_same)
{
    struct sbx_buf again;

    format();
    ck_assert_sbx_ok(sbx_installation_parse(text.data, text.length_bytes, &back, &err), &err);
    ck_assert_str_eq(back.group_sid, GROUP_SID);
    ck_assert_uint_eq(back.account_count, 2);
    ck_assert(back.accounts[0].offline && !back.accounts[1].offline);
    ck_assert(back.fence_proved && !back.fence_complement && !back.firewall_effective);
    ck_assert_uint_eq(back.proxy_last, SBX_PROXY_PORT_LAST);
    ck_assert_str_eq(sbx_installation_program(&back, "COMMAND-RUNNER.EXE")->sha256, HASH);
    sbx_buf_init(&again, SBX_INSTALLATION_MAX_BYTES);
    ck_assert_sbx_ok(sbx_installation_format(&back, &again, &err), &err);
    ck_assert_uint_eq(again.length_bytes, text.length_bytes);
    ck_assert_mem_eq(again.data, text.data, text.length_bytes);
    sbx_buf_done(&again);
}
END_TEST

/* Any one bit: JSON breaks, a rule is broken, or the checksum says so. */
START_TEST(parse__any_bit_flipped__refused)
{
    size_t i;
    unsigned bit;

    format();
    for (i = 0; i < text.length_bytes; i++) {
        for (bit = 0; bit < 8; bit++) {
            text.data[i] = (char)(text.data[i] ^ (1 << bit));
            ck_assert_msg(
                sbx_installation_parse(text.data, text.length_bytes, &back, &err) == SBX_INVALID,
                "byte %zu bit %u", i, bit);
            text.data[i] = (char)(text.data[i] ^ (1 << bit));
        }
    }
}
END_TEST

START_TEST(parse__cut_anywhere__refused)
{
    size_t length;

    format();
    for (length = 0; length < text.length_bytes; length++)
        ck_assert_int_eq(sbx_installation_parse(text.data, length, &back, &err), SBX_INVALID);
}
END_TEST

/* Another spelling of the same record: nothing lies outside the checksum. */
START_TEST(parse__space_added__refused)
{
    format();
    ck_assert_sbx_ok(sbx_buf_putc(&text, '\n', &err), &err);
    ck_assert_int_eq(
        sbx_installation_parse(text.data, text.length_bytes, &back, &err), SBX_INVALID);
    ck_assert_ptr_nonnull(strstr(err.context, "not as set-up writes it"));
}
END_TEST

static void no_group(void)
{
    set(&inst.group_sid, NULL);
}
static void group_no_sid(void)
{
    set(&inst.group_sid, "BA");
}
static void spelled_sid(void)
{
    set(&inst.group_sid, "s-1-5-21-1-2-3-1000");
}
static void no_version(void)
{
    set(&inst.product_version, "");
}
static void control_in_note(void)
{
    set(&inst.firewall_note, "a\x1b[2J");
}
static void account_without_sid(void)
{
    set(&inst.accounts[1].sid, NULL);
}
static void account_of_other_name(void)
{
    set(&inst.accounts[0].name, "Administrator");
}
static void kind_and_name_differ(void)
{
    inst.accounts[0].offline = false;
}
static void same_sid_twice(void)
{
    set(&inst.accounts[1].sid, OFFLINE_SID);
}
static void account_is_group(void)
{
    set(&inst.accounts[1].sid, GROUP_SID);
}
static void operator_is_account(void)
{
    set(&inst.operators.items[0], ONLINE_SID);
}
static void operator_is_group(void)
{
    set(&inst.operators.items[0], GROUP_SID);
}
static void operator_is_name(void)
{
    set(&inst.operators.items[0], "root");
}
static void no_operator(void)
{
    sbx_strings_done(&inst.operators);
}
static void port_zero(void)
{
    inst.proxy_first = 0;
}
static void port_order(void)
{
    inst.proxy_last = inst.proxy_first - 1;
}
static void port_width(void)
{
    inst.proxy_last = inst.proxy_first + SBX_PROXY_PORTS_MAX;
}
static void hash_upper(void)
{
    inst.programs[0].sha256[10] = 'A';
}
static void program_path(void)
{
    set(&inst.programs[0].name, "..\\x.exe");
}
static void schema(void)
{
    inst.schema = 2;
}

static void operator_twice(void)
{
    ck_assert_sbx_ok(sbx_strings_add(&inst.operators, USER_SID, &err), &err);
}

static void many_operators(void)
{
    char sid[64];
    int i;

    for (i = 0; i < (int)SBX_INSTALLATION_OPERATORS_MAX; i++) {
        snprintf(sid, sizeof(sid), "S-1-5-21-9-9-9-%d", 1000 + i);
        ck_assert_sbx_ok(sbx_strings_add(&inst.operators, sid, &err), &err);
    }
}

static const struct {
    const char *name;
    void (*spoil)(void);
} bad[] = {
    {"no group", no_group},
    {"group is no SID", group_no_sid},
    {"SID in another spelling", spelled_sid},
    {"no version", no_version},
    {"control characters", control_in_note},
    {"account without SID", account_without_sid},
    {"account of another name", account_of_other_name},
    {"kind and name differ", kind_and_name_differ},
    {"one SID twice", same_sid_twice},
    {"account is the group", account_is_group},
    {"operator is an account", operator_is_account},
    {"operator is the group", operator_is_group},
    {"operator is a name", operator_is_name},
    {"no operator", no_operator},
    {"operator twice", operator_twice},
    {"too many operators", many_operators},
    {"port 0", port_zero},
    {"ports in the wrong order", port_order},
    {"too many ports", port_width},
    {"hash in capitals", hash_upper},
    {"program is a path", program_path},
    {"another schema", schema},
};

START_TEST(format__record_that_breaks_a_rule__refused)
{
    bad[_i].spoil();
    ck_assert_msg(sbx_installation_format(&inst, &text, &err) == SBX_INVALID, "%s", bad[_i].name);
}
END_TEST

START_TEST(is_operator__other_spelling__same_sid)
{
    ck_assert(sbx_installation_is_operator(&inst, USER_SID));
    ck_assert(sbx_installation_is_operator(&inst, "s-1-5-21-1-2-3-500"));
    ck_assert(!sbx_installation_is_operator(&inst, "S-1-5-21-1-2-3-501"));
    ck_assert(!sbx_installation_is_operator(&inst, "S-1-5-21-1-2-3-50"));
    ck_assert(!sbx_installation_is_operator(&inst, ""));
    ck_assert(!sbx_installation_is_operator(&inst, NULL));
}
END_TEST

START_TEST(copy__unfinished_record__is_deep)
{
    set(&inst.accounts[0].sid, NULL);
    set(&inst.group_sid, NULL);
    ck_assert_sbx_ok(sbx_installation_copy(&inst, &back, &err), &err);
    ck_assert_ptr_null(back.accounts[0].sid);
    ck_assert_str_eq(back.accounts[1].sid, ONLINE_SID);
    ck_assert_ptr_ne(back.accounts[1].sid, inst.accounts[1].sid);
    ck_assert_ptr_null(back.group_sid);
    ck_assert_uint_eq(back.operators.count, 1);
    ck_assert(back.fence_proved);
}
END_TEST

START_TEST(account_name__every_index__fits_into_windows)
{
    char name[64];
    size_t i;

    for (i = 0; i < SBX_INSTALLATION_KINDS_MAX; i++) {
        sbx_installation_account_name(true, i, name, sizeof(name));
        ck_assert_uint_le(strlen(name), 20);
        sbx_installation_account_name(false, i, name, sizeof(name));
        ck_assert_uint_le(strlen(name), 20);
    }
    ck_assert_str_eq(name, "AgentSandboxOnline9");
    ck_assert_int_eq(sbx_installation_add_account(&inst, SBX_ONLINE_NAME, false, &err), SBX_EXISTS);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, format__whole_record__parses_and_prints_the_same);
    tcase_add_test(tcase, parse__any_bit_flipped__refused);
    tcase_add_test(tcase, parse__cut_anywhere__refused);
    tcase_add_test(tcase, parse__space_added__refused);
    tcase_add_loop_test(tcase, format__record_that_breaks_a_rule__refused, 0, (int)countof(bad));
    tcase_add_test(tcase, is_operator__other_spelling__same_sid);
    tcase_add_test(tcase, copy__unfinished_record__is_deep);
    tcase_add_test(tcase, account_name__every_index__fits_into_windows);
}

UNIT_MAIN("installation", add_tests)

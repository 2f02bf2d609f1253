/* Requests to set-up and its events: what is encoded decodes to the same, and nothing hostile does.
 */
#include "tests/support/unit.h"
#include "shared/core/setupmsg.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_setup_request request;
static struct sbx_setup_event event;
static struct sbx_buf frame;

static void setup(void)
{
    sbx_error_init(&err);
    memset(&request, 0, sizeof(request));
    memset(&event, 0, sizeof(event));
    sbx_buf_init(&frame, 1u << 20);
}

static void teardown(void)
{
    sbx_setup_request_done(&request);
    sbx_setup_event_done(&event);
    sbx_buf_done(&frame);
}

#define HEAD "{\"version\":1,\"mode\":\"install\""
#define NUMBERS ",\"accounts\":0,\"proxyFirst\":0,\"proxyLast\":0"

static enum sbx_status decode(const char *json)
{
    sbx_setup_request_done(&request);
    return sbx_setup_request_decode(json, strlen(json), &request, &err);
}

START_TEST(request__every_mode__round_trip)
{
    int mode;

    for (mode = SBX_SETUP_INSTALL; mode <= SBX_SETUP_VERIFY_UNINSTALLED; mode++) {
        struct sbx_setup_request sent = {.mode = (enum sbx_setup_mode)mode,
            .accounts = 3,
            .proxy_first = 40000,
            .proxy_last = 40007,
            .fence = SBX_SETUP_FENCE_COMPLEMENT};
        char path[] = "C:\\Users\\a\\w\xC3\xB6rk";
        uint32_t length = 0;

        sent.path = mode == SBX_SETUP_REPAIR_OWNER ? path : NULL;
        sbx_buf_clear(&frame);
        ck_assert_sbx_ok(sbx_setup_request_encode(&sent, &frame, &err), &err);
        ck_assert_sbx_ok(sbx_frame_length((const uint8_t *)frame.data, &length, &err), &err);
        ck_assert_uint_eq(length + 4, frame.length_bytes);
        sbx_setup_request_done(&request);
        ck_assert_sbx_ok(sbx_setup_request_decode(frame.data + 4, length, &request, &err), &err);
        ck_assert_int_eq(request.mode, mode);
        ck_assert_uint_eq(request.accounts, 3);
        ck_assert_uint_eq(request.proxy_last, 40007);
        ck_assert_int_eq(request.fence, SBX_SETUP_FENCE_COMPLEMENT);
        if (sent.path)
            ck_assert_str_eq(request.path, path);
        else
            ck_assert_ptr_null(request.path);
    }
}
END_TEST

START_TEST(request__smallest__defaults)
{
    ck_assert_int_eq(decode(HEAD NUMBERS "}"), SBX_OK);
    ck_assert_int_eq(request.mode, SBX_SETUP_INSTALL);
    ck_assert_int_eq(request.fence, 0);
    ck_assert_ptr_null(request.path);
}
END_TEST

#define OWNER "{\"version\":1,\"mode\":\"repair-owner\"" NUMBERS ",\"path\":"

static const char *const hostile[] = {
    "",
    "null",
    "[]",
    "{}",
    HEAD "}",
    HEAD NUMBERS,
    HEAD NUMBERS "}x",
    HEAD NUMBERS ",\"operator\":\"S-1-5-18\"}",
    HEAD NUMBERS ",\"mode\":\"uninstall\"}",
    HEAD NUMBERS ",\"path\":\"C:\\\\x\"}",
    HEAD NUMBERS ",\"path\":null}",
    HEAD NUMBERS ",\"fence\":\"none\"}",
    HEAD NUMBERS ",\"fence\":\"\"}",
    "{\"version\":2,\"mode\":\"install\"" NUMBERS "}",
    "{\"version\":\"1\",\"mode\":\"install\"" NUMBERS "}",
    "{\"version\":1,\"mode\":\"Install\"" NUMBERS "}",
    "{\"version\":1,\"mode\":\"provision\"" NUMBERS "}",
    "{\"version\":1,\"mode\":1" NUMBERS "}",
    HEAD ",\"accounts\":10,\"proxyFirst\":0,\"proxyLast\":0}",
    HEAD ",\"accounts\":-1,\"proxyFirst\":0,\"proxyLast\":0}",
    HEAD ",\"accounts\":1.5,\"proxyFirst\":0,\"proxyLast\":0}",
    HEAD ",\"accounts\":4294967297,\"proxyFirst\":0,\"proxyLast\":0}",
    HEAD ",\"accounts\":0,\"proxyFirst\":65536,\"proxyLast\":65536}",
    HEAD ",\"accounts\":0,\"proxyFirst\":80,\"proxyLast\":81}",
    HEAD ",\"accounts\":0,\"proxyFirst\":0,\"proxyLast\":5000}",
    HEAD ",\"accounts\":0,\"proxyFirst\":5001,\"proxyLast\":5000}",
    HEAD ",\"accounts\":0,\"proxyFirst\":1024,\"proxyLast\":65535}",
    HEAD ",\"accounts\":0,\"proxyFirst\":5000,\"proxyLast\":5000}",
    HEAD ",\"accounts\":0,\"proxyFirst\":49150,\"proxyLast\":49152}",
    OWNER "\"\"}",
    OWNER "\"C:\\\\\"}",
    OWNER "\"C:\"}",
    OWNER "\"C:x\"}",
    OWNER "\"x\"}",
    OWNER "\"\\\\x\"}",
    OWNER "\"\\\\\\\\server\\\\share\\\\x\"}",
    OWNER "\"\\\\\\\\?\\\\UNC\\\\server\\\\share\\\\x\"}",
    OWNER "\"\\\\\\\\?\\\\C:\\\\x\"}",
    OWNER "\"\\\\\\\\.\\\\pipe\\\\x\"}",
    OWNER "\"\\\\\\\\?\\\\GLOBALROOT\\\\Device\\\\x\"}",
    OWNER "\"\\\\??\\\\C:\\\\x\"}",
    OWNER "\"C:\\\\x\\\\..\\\\y\"}",
    OWNER "\"C:\\\\x:stream\"}",
    OWNER "\"C:\\\\x\\\\NUL\"}",
    OWNER "\"C:/x\"}",
    OWNER "\"C:\\\\x \"}",
    OWNER "\"C:\\\\x\\u0000y\"}",
    OWNER "\"C:\\\\x\\u0007y\"}",
    OWNER "[\"C:\\\\x\"]}",
};

START_TEST(request__hostile__refused)
{
    struct sbx_setup_request empty = {0};

    ck_assert_msg(decode(hostile[_i]) == SBX_INVALID, "accepted: %s", hostile[_i]);
    ck_assert_mem_eq(&request, &empty, sizeof(empty));
}
END_TEST

/* A megabyte of SIDs, in a key that does not exist: not even parsed. */
START_TEST(request__too_large__refused)
{
    size_t i;

    ck_assert_sbx_ok(sbx_buf_puts(&frame, HEAD NUMBERS ",\"operators\":[\"S-1-5-18\"", &err), &err);
    for (i = 0; i < 60000; i++)
        ck_assert_sbx_ok(sbx_buf_puts(&frame, ",\"S-1-5-18\"", &err), &err);
    ck_assert_sbx_ok(sbx_buf_puts(&frame, "]}", &err), &err);
    ck_assert_int_eq(
        sbx_setup_request_decode(frame.data, frame.length_bytes, &request, &err), SBX_INVALID);
    ck_assert_ptr_nonnull(strstr(err.context, "byte"));
}
END_TEST

START_TEST(request__bad_struct__not_encoded)
{
    struct sbx_setup_request sent = {.mode = SBX_SETUP_INSTALL, .accounts = 10};

    ck_assert_int_eq(sbx_setup_request_encode(&sent, &frame, &err), SBX_INVALID);
    sent = (struct sbx_setup_request){.mode = SBX_SETUP_REPAIR_OWNER};
    ck_assert_int_eq(sbx_setup_request_encode(&sent, &frame, &err), SBX_INVALID);
    sent = (struct sbx_setup_request){.mode = (enum sbx_setup_mode)99};
    ck_assert_int_eq(sbx_setup_request_encode(&sent, &frame, &err), SBX_INVALID);
    ck_assert_uint_eq(frame.length_bytes, 0);
}
END_TEST

START_TEST(event__step__round_trip)
{
    struct sbx_setup_event sent = {.kind = SBX_SETUP_EVENT_STEP,
        .name = (char *)(uintptr_t) "fence",
        .index = 7,
        .count = 13,
        .state = SBX_SETUP_STEP_UNDONE};

    ck_assert_sbx_ok(sbx_setup_event_encode(&sent, &frame, &err), &err);
    ck_assert_sbx_ok(
        sbx_setup_event_decode(frame.data + 4, frame.length_bytes - 4, &event, &err), &err);
    ck_assert_int_eq(event.kind, SBX_SETUP_EVENT_STEP);
    ck_assert_str_eq(event.name, "fence");
    ck_assert_uint_eq(event.index, 7);
    ck_assert_int_eq(event.state, SBX_SETUP_STEP_UNDONE);
}
END_TEST

START_TEST(event__failure__names_step_object_code_and_fix)
{
    struct sbx_setup_event sent = {.kind = SBX_SETUP_EVENT_RESULT,
        .failed_step = (char *)(uintptr_t) "accounts",
        .object = (char *)(uintptr_t) "account 'AgentSandboxOffline'"};

    sbx_error_init(&sent.error);
    (void)sbx_fail_win32(&sent.error, 2245, "make it\x1b[2J");
    sbx_error_hint(&sent.error, "look at the password policy");
    ck_assert_sbx_ok(sbx_strings_add(&sent.notes, "one\ntwo", &err), &err);
    ck_assert_sbx_ok(sbx_setup_event_encode(&sent, &frame, &err), &err);
    ck_assert_sbx_ok(
        sbx_setup_event_decode(frame.data + 4, frame.length_bytes - 4, &event, &err), &err);
    sbx_strings_done(&sent.notes);
    ck_assert(!event.ok);
    ck_assert_str_eq(event.failed_step, "accounts");
    ck_assert_str_eq(event.object, "account 'AgentSandboxOffline'");
    ck_assert_uint_eq(event.error.code, 2245);
    ck_assert_int_eq(event.error.domain, SBX_DOMAIN_WIN32);
    ck_assert_str_eq(event.error.context, "make it?[2J");
    ck_assert_str_eq(event.error.hint, "look at the password policy");
    ck_assert_str_eq(event.notes.items[0], "one?two");
}
END_TEST

static const char *const bad_events[] = {
    "{\"version\":1,\"event\":\"result\",\"ok\":true,\"changed\":false}",
    "{\"version\":1,\"event\":\"result\",\"ok\":false,\"changed\":false,\"notes\":[]}",
    "{\"version\":1,\"event\":\"result\",\"ok\":true,\"changed\":false,\"notes\":[],\"error\":{}}",
    "{\"version\":1,\"event\":\"result\",\"ok\":true,\"changed\":false,\"notes\":[1]}",
    "{\"version\":1,\"event\":\"step\",\"name\":\"x\",\"index\":2,\"count\":2,\"state\":\"done\"}",
    "{\"version\":1,\"event\":\"step\",\"name\":\"x\",\"index\":0,\"count\":2,\"state\":\"gone\"}",
    "{\"version\":1,\"event\":\"other\"}",
};

START_TEST(event__contradiction__refused)
{
    ck_assert_msg(
        sbx_setup_event_decode(bad_events[_i], strlen(bad_events[_i]), &event, &err) == SBX_INVALID,
        "%s", bad_events[_i]);
}
END_TEST

START_TEST(event__as_a_line__is_one_line)
{
    struct sbx_setup_event sent = {.kind = SBX_SETUP_EVENT_RESULT, .ok = true, .changed = true};

    ck_assert_sbx_ok(sbx_strings_add(&sent.notes, "a\nb", &err), &err);
    ck_assert_sbx_ok(sbx_setup_event_line(&sent, &frame, &err), &err);
    sbx_strings_done(&sent.notes);
    ck_assert_ptr_eq(strchr(frame.data, '\n'), frame.data + frame.length_bytes - 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, request__every_mode__round_trip);
    tcase_add_test(tcase, request__smallest__defaults);
    tcase_add_loop_test(tcase, request__hostile__refused, 0, (int)countof(hostile));
    tcase_add_test(tcase, request__too_large__refused);
    tcase_add_test(tcase, request__bad_struct__not_encoded);
    tcase_add_test(tcase, event__step__round_trip);
    tcase_add_test(tcase, event__failure__names_step_object_code_and_fix);
    tcase_add_loop_test(tcase, event__contradiction__refused, 0, (int)countof(bad_events));
    tcase_add_test(tcase, event__as_a_line__is_one_line);
}

UNIT_MAIN("setupmsg", add_tests)

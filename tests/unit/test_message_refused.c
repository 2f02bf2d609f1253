/* message: nothing outside the format comes in. Each row changes one thing of what is accepted. */
#include "shared/core/message.h"

#include "tests/support/unit.h"

static struct sbx_request request;
static struct sbx_reply reply;

static void setup(void)
{
    memset(&request, 0, sizeof(request));
    memset(&reply, 0, sizeof(reply));
}

static void teardown(void)
{
    sbx_request_done(&request);
    sbx_reply_done(&reply);
}

#define SID "\"S-1-5-21-1-2-3-1001\""
#define RUN "\"S-1-5-21-10-20-30-2147483700\""
#define GOOD_REQUEST                                                                               \
    "{\"version\":1,\"image\":\"C:\\\\a.exe\",\"argv\":[\"a\"],\"cwd\":\"C:\\\\\","                \
    "\"environment\":{\"A\":\"b\"},\"stage\":\"launch\",\"mode\":\"unelevated\","                  \
    "\"recipe\":\"standard\",\"userSid\":" SID ",\"runSid\":" RUN                                  \
    ",\"capabilitySids\":[],\"limits\":{\"ui\":"                                                   \
    "\"enforce\"},\"background\":false,\"desktop\":\"private\",\"wineUnconfined\":false,"          \
    "\"stdin\":0,\"stdout\":4,\"stderr\":8}"

static const struct edit {
    const char *from, *to, *names;
} request_edits[] = {
    {"\"version\":1", "\"version\":2", "version"},
    {"\"version\":1,", "", "version"},
    {"\"version\":1", "\"version\":\"1\"", "version"},
    {"C:\\\\a.exe", "a.exe", "image"},
    {"C:\\\\a.exe", "C:a.exe", "image"},
    {"C:\\\\a.exe", "\\\\\\\\s\\\\s\\\\a.exe", "image"},
    {"C:\\\\a.exe", "C:\\\\a.exe.", "image"},
    {"C:\\\\a.exe", "C:\\\\x\\\\..\\\\a.exe", "image"},
    {"C:\\\\a.exe", "C:\\\\", "image"},
    {"C:\\\\a.exe", "", "image"},
    {"\"argv\":[\"a\"]", "\"argv\":[]", "argv"},
    {"\"argv\":[\"a\"]", "\"argv\":\"a\"", "argv"},
    {"\"argv\":[\"a\"]", "\"argv\":[1]", "argv[0]"},
    {"\"argv\":[\"a\"]", "\"argv\":[\"a\\u0000\"]", ""},
    {"\"argv\":[\"a\"]", "\"argv\":[\"\\ud800\"]", ""},
    {"\"argv\":[\"a\"]", "\"argv\":[\"a\"],\"commandLine\":\"\"", "commandLine"},
    {"\"argv\":[\"a\"]", "\"argv\":[\"a\"],\"commandLine\":null", "commandLine"},
    {"\"cwd\":\"C:\\\\\"", "\"cwd\":\"work\"", "cwd"},
    {"{\"A\":\"b\"}", "{\"A\":\"b\",\"a\":\"c\"}", "environment.a"},
    {"{\"A\":\"b\"}", "{\"A\":\"b\",\"A\":\"c\"}", "A"},
    {"{\"A\":\"b\"}", "{\"\":\"b\"}", ""},
    {"{\"A\":\"b\"}", "{\"A=\":\"b\"}", ""},
    {"{\"A\":\"b\"}", "{\"A\":1}", "environment.A"},
    {"{\"A\":\"b\"}", "[]", "environment"},
    {"\"launch\"", "\"confine\"", "stage"},
    {"\"stage\":\"launch\",", "", "stage"},
    {"\"userSid\"", "\"account\":\"AgentSandboxOffline\",\"userSid\"", "account"},
    {"\"userSid\"", "\"accountSid\":" SID ",\"userSid\"", "accountSid"},
    {"\"userSid\"", "\"groupSid\":" SID ",\"userSid\"", "groupSid"},
    {"\"unelevated\"", "\"elevated\"", "account"},
    {"\"desktop\"", "\"desktopPath\":\"WinSta0\\\\SbxRun-1\",\"desktop\"", "desktopPath"},
    {"\"unelevated\"", "\"auto\"", "mode"},
    {"\"unelevated\"", "\"unset\"", "mode"},
    {"\"standard\"", "\"auto\"", "recipe"},
    {SID, "\"S-1\"", "userSid"},
    {SID, "\"Everyone\"", "userSid"},
    {RUN, "\"S-1-1-0\"", "runSid"},
    {RUN, SID, "runSid"},
    {"\"capabilitySids\":[]", "\"capabilitySids\":[\"S-1-5-32-545\"]", "capabilitySids[0]"},
    {"\"capabilitySids\":[]", "\"capabilitySids\":[" RUN ",7]", "capabilitySids[1]"},
    {"\"ui\":\"enforce\"", "\"ui\":\"none\"", "limits.ui"},
    {"\"ui\":\"enforce\"", "\"cpuPercent\":5", "ui"},
    {"\"ui\":\"enforce\"", "\"ui\":\"enforce\",\"timeoutMs\":0", "limits.timeoutMs"},
    {"\"ui\":\"enforce\"", "\"ui\":\"enforce\",\"timeoutMs\":604800001", "limits.timeoutMs"},
    {"\"ui\":\"enforce\"", "\"ui\":\"enforce\",\"processes\":65536", "limits.processes"},
    {"\"ui\":\"enforce\"", "\"ui\":\"enforce\",\"memoryBytes\":16777215", "limits.memoryBytes"},
    {"\"ui\":\"enforce\"", "\"ui\":\"enforce\",\"cpuPercent\":101", "limits.cpuPercent"},
    {"\"ui\":\"enforce\"", "\"ui\":\"enforce\",\"more\":1", "limits"},
    {"\"background\":false", "\"background\":0", "background"},
    {"\"desktop\":\"private\"", "\"desktop\":\"Private\"", "desktop"},
    {"\"wineUnconfined\":false,", "", "wineUnconfined"},
    {"\"wineUnconfined\":false,", "\"wineUnconfined\":false,\"birthJob\":1,", "birthJob"},
    {"\"stdin\":0", "\"stdin\":-1", "stdin"},
    {"\"stdin\":0", "\"stdin\":9007199254740992", "stdin"},
    {"\"stdin\":0", "\"stdin\":0.5", "stdin"},
    {"\"stderr\":8}", "\"stderr\":8", ""},
    {"\"stderr\":8}", "\"stderr\":8}x", ""},
    {"\"stderr\":8}", "\"stderr\":8,\"shell\":true}", "shell"},
};

#define GROUP "\"S-1-5-21-1-2-3-1002\""
#define GOOD_ELEVATED                                                                              \
    "{\"version\":1,\"image\":\"C:\\\\a.exe\",\"argv\":[\"a\"],\"cwd\":\"C:\\\\\","                \
    "\"environment\":{\"A\":\"b\"},\"stage\":\"confine\",\"mode\":\"elevated\","                   \
    "\"recipe\":\"standard\",\"userSid\":" SID ",\"account\":\"AgentSandboxOffline\","             \
    "\"accountSid\":" SID ",\"groupSid\":" GROUP ",\"runSid\":" RUN ",\"capabilitySids\":[],"      \
    "\"limits\":{\"ui\":\"enforce\"},\"background\":false,\"desktop\":\"private\","                \
    "\"desktopPath\":\"WinSta0\\\\SbxRun-1\","                                                     \
    "\"wineUnconfined\":false,\"stdin\":0,\"stdout\":4,\"stderr\":8}"

static const struct edit elevated_edits[] = {
    {"\"elevated\"", "\"unelevated\"", "stage"},
    {"\"confine\"", "\"both\"", "stage"},
    {"\"stage\":\"confine\",", "", "stage"},
    {"\"account\":\"AgentSandboxOffline\",", "", "account"},
    {"AgentSandboxOffline", "Administrator", "account"},
    {"AgentSandboxOffline", "agentSandboxOffline", "account"},
    {"AgentSandboxOffline", "AgentSandbox Offline", "account"},
    {"AgentSandboxOffline", ".\\\\AgentSandboxOff", "account"},
    {"AgentSandboxOffline", "AgentSandboxOff@host", "account"},
    {"AgentSandboxOffline", "AgentSandboxOffline22", "account"},
    {"AgentSandboxOffline", "", "account"},
    {"\"accountSid\":" SID ",", "", "accountSid"},
    {"\"accountSid\":" SID, "\"accountSid\":" GROUP, "userSid"},
    {"\"accountSid\":" SID, "\"accountSid\":\"S-1\"", "accountSid"},
    {"\"groupSid\":" GROUP ",", "", "groupSid"},
    {"\"groupSid\":" GROUP, "\"groupSid\":" SID, "groupSid"},
    {"\"groupSid\":" GROUP, "\"groupSid\":\"Users\"", "groupSid"},
    {"\"account\":\"Agent", "\"password\":\"Agent", "password"},
    {"\"confine\"", "\"launch\"", "desktopPath"},
    {"\"desktopPath\":\"WinSta0\\\\SbxRun-1\",", "", "desktopPath"},
    {"WinSta0\\\\SbxRun-1", "WinSta0\\\\Default", "desktopPath"},
    {"WinSta0\\\\SbxRun-1", "WinSta0\\\\SbxRun-", "desktopPath"},
    {"WinSta0\\\\SbxRun-1", "\\\\SbxRun-1", "desktopPath"},
    {"WinSta0\\\\SbxRun-1", "WinSta0\\\\SbxRun-1\\\\x", "desktopPath"},
    {"WinSta0\\\\SbxRun-1", "Win Sta0\\\\SbxRun-1", "desktopPath"},
};

#define GOOD_RESULT                                                                                \
    "{\"version\":1,\"kind\":\"result\",\"ended\":\"exit\",\"exitCode\":0,\"confined\":true,"      \
    "\"platform\":\"windows 10.0\",\"unproved\":[],\"limitsHit\":[],\"peakMemoryBytes\":0,"        \
    "\"totalProcesses\":1,\"cpuTimeUs\":2,\"namedObjects\":\"unknown\","                           \
    "\"times\":{\"request\":1,\"token\":2,\"job\":3,"                                              \
    "\"desktop\":4,\"created\":5,\"proved\":6,\"resumed\":7,\"exited\":8,\"done\":9}}"
#define ERROR_OBJECT                                                                               \
    ",\"error\":{\"status\":\"denied\",\"domain\":\"win32\",\"code\":5,\"context\":\"c\","         \
    "\"hint\":\"\"}}"

static const struct edit result_edits[] = {
    {"\"kind\":\"result\"", "\"kind\":\"other\"", "kind"},
    {"\"kind\":\"result\",", "", "kind"},
    {"\"kind\":\"result\"", "\"kind\":\"started\",\"processId\":1", "ended"},
    {"\"ended\":\"exit\"", "\"ended\":\"unknown\"", "ended"},
    {"\"exitCode\":0", "\"exitCode\":4294967296", "exitCode"},
    {"\"exitCode\":0", "\"exitCode\":-1", "exitCode"},
    {"\"unproved\":[]", "\"unproved\":[\"job\"]", "confined"},
    {"\"unproved\":[]", "\"unproved\":[[]]", "unproved[0]"},
    {"\"limitsHit\":[]", "\"limitsHit\":[\"disk\"]", "limitsHit[0]"},
    {"\"namedObjects\":\"unknown\",", "", "namedObjects"},
    {"\"namedObjects\":\"unknown\"", "\"namedObjects\":\"open\"", "namedObjects"},
    {"\"done\":9", "\"other\":9", "times"},
    {",\"done\":9", "", "done"},
    {"\"ended\":\"exit\"", "\"ended\":\"failed\"", "error"},
    {"9}}", "9}" ERROR_OBJECT, "error"},
};

static const struct edit failed_edits[] = {
    {"\"status\":\"denied\"", "\"status\":\"ok\"", "error.status"},
    {"\"domain\":\"win32\"", "\"domain\":\"errno\"", "error.domain"},
    {"\"code\":5", "\"code\":-5", "error.code"},
    {"\"hint\":\"\"", "\"file\":\"x.c\"", "error"},
    {"\"context\":\"c\",", "", "context"},
};

/* The good text with one place changed; the place must exist, or the row tests nothing. */
static char *edited(const char *good, const struct edit *edit)
{
    const char *at = strstr(good, edit->from);
    struct sbx_error err;
    struct sbx_buf text;
    char *result = NULL;

    ck_assert_msg(at != NULL, "row '%s' is not in the message", edit->from);
    sbx_buf_init(&text, 65536);
    ck_assert_sbx_ok(sbx_buf_add(&text, good, (size_t)(at - good), &err), &err);
    ck_assert_sbx_ok(sbx_buf_puts(&text, edit->to, &err), &err);
    ck_assert_sbx_ok(sbx_buf_puts(&text, at + strlen(edit->from), &err), &err);
    ck_assert_sbx_ok(sbx_buf_steal(&text, &result, &err), &err);
    return result;
}

static void assert_named(const struct sbx_error *err, const struct edit *edit)
{
    ck_assert_msg(strstr(err->context, edit->names) != NULL, "'%s' -> '%s': \"%s\" names no '%s'",
        edit->from, edit->to, err->context, edit->names);
    ck_assert_ptr_null(strchr(err->context, '\n'));
}

START_TEST(message__bad_request__is_refused_by_name)
{
    const struct edit *edit = &request_edits[_i];
    struct sbx_error err;
    char *text;

    ck_assert_sbx_ok(sbx_request_decode(GOOD_REQUEST, strlen(GOOD_REQUEST), &request, &err), &err);
    sbx_request_done(&request);
    text = edited(GOOD_REQUEST, edit);
    ck_assert_msg(sbx_request_decode(text, strlen(text), &request, &err) == SBX_INVALID,
        "'%s' -> '%s' was accepted", edit->from, edit->to);
    free(text);
    assert_named(&err, edit);
    ck_assert_ptr_null(request.image);
    ck_assert_uint_eq(request.argv.count, 0);
}
END_TEST

START_TEST(message__bad_elevated_request__is_refused_by_name)
{
    const struct edit *edit = &elevated_edits[_i];
    struct sbx_error err;
    char *text;

    ck_assert_sbx_ok(
        sbx_request_decode(GOOD_ELEVATED, strlen(GOOD_ELEVATED), &request, &err), &err);
    sbx_request_done(&request);
    text = edited(GOOD_ELEVATED, edit);
    ck_assert_msg(sbx_request_decode(text, strlen(text), &request, &err) == SBX_INVALID,
        "'%s' -> '%s' was accepted", edit->from, edit->to);
    free(text);
    assert_named(&err, edit);
    ck_assert_ptr_null(request.account);
    ck_assert_ptr_null(request.image);
}
END_TEST

START_TEST(message__bad_result__is_refused_by_name)
{
    const struct edit *edit = &result_edits[_i];
    struct sbx_error err;
    char *text;

    ck_assert_sbx_ok(sbx_reply_decode(GOOD_RESULT, strlen(GOOD_RESULT), &reply, &err), &err);
    sbx_reply_done(&reply);
    text = edited(GOOD_RESULT, edit);
    ck_assert_msg(sbx_reply_decode(text, strlen(text), &reply, &err) == SBX_INVALID,
        "'%s' -> '%s' was accepted", edit->from, edit->to);
    free(text);
    assert_named(&err, edit);
}
END_TEST

START_TEST(message__bad_error__is_refused_by_name)
{
    static const struct edit fail = {"\"ended\":\"exit\"", "\"ended\":\"failed\"", ""},
                             append = {"9}}", "9}" ERROR_OBJECT, ""};
    const struct edit *edit = &failed_edits[_i];
    char *first = edited(GOOD_RESULT, &fail), *good = edited(first, &append), *text;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_reply_decode(good, strlen(good), &reply, &err), &err);
    ck_assert_int_eq(reply.error.status, SBX_DENIED);
    sbx_reply_done(&reply);
    text = edited(good, edit);
    ck_assert_int_eq(sbx_reply_decode(text, strlen(text), &reply, &err), SBX_INVALID);
    assert_named(&err, edit);
    free(first);
    free(good);
    free(text);
}
END_TEST

START_TEST(message__bad_control__is_refused)
{
    static const char *const texts[] = {"{}", "[]", "{\"version\":1}",
        "{\"version\":1,\"control\":\"resume\"}", "{\"version\":1,\"control\":2}",
        "{\"version\":1,\"control\":\"kill\",\"x\":1}", "{\"control\":\"kill\"}", ""};
    enum sbx_control control = SBX_CONTROL_CANCEL;
    struct sbx_error err;

    ck_assert_int_eq(
        sbx_control_decode(texts[_i], strlen(texts[_i]), &control, NULL, &err), SBX_INVALID);
    ck_assert_int_eq(control, SBX_CONTROL_CANCEL);
}
END_TEST

START_TEST(message__every_prefix_of_a_request__is_refused)
{
    size_t length;

    for (length = 0; length < strlen(GOOD_REQUEST); length++)
        ck_assert_int_eq(sbx_request_decode(GOOD_REQUEST, length, &request, NULL), SBX_INVALID);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(
        tcase, message__bad_request__is_refused_by_name, 0, (int)countof(request_edits));
    tcase_add_loop_test(
        tcase, message__bad_elevated_request__is_refused_by_name, 0, (int)countof(elevated_edits));
    tcase_add_loop_test(
        tcase, message__bad_result__is_refused_by_name, 0, (int)countof(result_edits));
    tcase_add_loop_test(
        tcase, message__bad_error__is_refused_by_name, 0, (int)countof(failed_edits));
    tcase_add_loop_test(tcase, message__bad_control__is_refused, 0, 8);
    tcase_add_test(tcase, message__every_prefix_of_a_request__is_refused);
}

UNIT_MAIN("message_refused", add_tests)

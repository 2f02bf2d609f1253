/*
 * Writing to the Windows Event Log. What a reader would show comes from the message file that was
 * built beside the programs; what arrives is seen on ntwine only, whose double records it (stock
 * Wine's ReportEventW traces and says yes).
 */
#include "tests/support/win/doubles.h"

#include "shared/core/buf.h"
#include "shared/win/eventlog.h"
#include "shared/win/winerr.h"
#include "shared/win/wstr.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_eventlog event_log;

static unsigned opened_before, written_before;

static unsigned opened(void)
{
    return doubles_calls("RegisterEventSourceW") - opened_before;
}

static unsigned written(void)
{
    return doubles_calls("ReportEventW") - written_before;
}

static void setup(void)
{
    sbx_error_init(&err);
    memset(&event_log, 0, sizeof(event_log));
    if (doubles_present()) {
        doubles_clear();
        doubles_forget_calls();
        opened_before = doubles_calls("RegisterEventSourceW");
        written_before = doubles_calls("ReportEventW");
    }
}

static void teardown(void)
{
    sbx_eventlog_close(&event_log);
    if (doubles_present())
        doubles_clear();
}

/* Beside the folder in which this program lies. */
static HMODULE open_messages(void)
{
    wchar_t path_w[MAX_PATH + 32] = L"";
    wchar_t *end;
    DWORD cch = GetModuleFileNameW(NULL, path_w, MAX_PATH);

    ck_assert(cch && cch < MAX_PATH);
    end = wcsrchr(path_w, L'\\');
    ck_assert(end != NULL);
    wcscpy(end, L"\\..\\sandbox-events.dll");
    return LoadLibraryExW(path_w, NULL, LOAD_LIBRARY_AS_DATAFILE);
}

/* As Event Viewer does it: the text of the identifier with the string of the event in it. */
START_TEST(messages__every_identifier__shows_its_text_and_the_record)
{
    static const wchar_t record_w[] = L"{\"args\":[\"\\u00251\",\"\\u0025\\u00252\"]}";
    wchar_t shown_w[1024], first_w[1024] = L"";
    DWORD_PTR arguments[] = {(DWORD_PTR)record_w};
    HMODULE messages = open_messages();
    unsigned action, outcome;

    ck_assert_msg(messages != NULL, "sandbox-events.dll: %lu", GetLastError());
    ck_assert(FindResourceW(messages, MAKEINTRESOURCEW(1), (LPCWSTR)RT_MESSAGETABLE) != NULL);
    for (action = SBX_AUDIT_RUN_STARTED; action <= SBX_AUDIT_LOG_RESTARTED; action++) {
        for (outcome = SBX_OUTCOME_UNKNOWN; outcome <= SBX_OUTCOME_FAILURE; outcome++) {
            const DWORD id =
                sbx_event_id((enum sbx_audit_action)action, (enum sbx_audit_outcome)outcome);
            const DWORD cch =
                FormatMessageW(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_ARGUMENT_ARRAY,
                    messages, id, 0x409, shown_w, countof(shown_w), (va_list *)arguments);

            ck_assert_msg(cch > 40, "0x%lx: %lu", id, GetLastError());
            ck_assert_msg(wcsstr(shown_w, record_w) != NULL, "0x%lx: %ls", id, shown_w);
            ck_assert_msg(wcscmp(shown_w, first_w) != 0 || outcome, "0x%lx: %ls", id, shown_w);
            wcscpy(first_w, shown_w);
        }
    }
    FreeLibrary(messages);
}
END_TEST

static enum sbx_status write_text(const char *text)
{
    return sbx_eventlog_write(
        &event_log, SBX_AUDIT_RUN_ENDED, SBX_OUTCOME_FAILURE, text, strlen(text), &err);
}

START_TEST(write__several__one_source_and_each_event)
{
    ck_assert_sbx_ok(write_text("{\"a\":\"%1\"}\n"), &err);
    ck_assert(event_log.source != NULL);
    ck_assert_sbx_ok(write_text("{\"a\":2}"), &err);
    sbx_eventlog_close(&event_log);
    ck_assert(event_log.source == NULL);
    sbx_eventlog_close(&event_log);
    if (!doubles_present()) {
        doubles_skip(__func__, "only a test double shows what was written");
        return;
    }
    ck_assert_uint_eq(opened(), 1);
    ck_assert_uint_eq(written(), 2);
}
END_TEST

/* Characters of three bytes, one unit each, and '%': far beyond what one string takes. */
START_TEST(write__too_long__is_cut_and_taken)
{
    const size_t count = 20000;
    char *text = calloc(count, 4);
    size_t i;

    ck_assert(text != NULL);
    for (i = 0; i < count; i++)
        memcpy(text + i * 4, "\xe2\x82\xac%", 4);
    text[count * 4 - 1] = '\0';
    ck_assert_sbx_ok(write_text(text), &err);
    free(text);
}
END_TEST

START_TEST(write__service_fails__says_so_and_opens_anew)
{
    static const char *const functions[] = {"RegisterEventSourceW", "ReportEventW"};
    const char *function = functions[_i];

    if (!doubles_present()) {
        doubles_skip(__func__, "only a test double fails on demand");
        return;
    }
    doubles_fail(function, 1, RPC_S_SERVER_UNAVAILABLE);
    ck_assert_int_eq(write_text("{}"), SBX_OS);
    ck_assert_uint_eq(err.code, RPC_S_SERVER_UNAVAILABLE);
    ck_assert(event_log.source == NULL);
    doubles_clear();
    ck_assert_sbx_ok(write_text("{}"), &err);
}
END_TEST

START_TEST(write__ill_formed_text__refused_before_the_service_is_asked)
{
    ck_assert_int_eq(write_text("{\"a\":\"\xff\"}"), SBX_INVALID);
    ck_assert(event_log.source == NULL);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, messages__every_identifier__shows_its_text_and_the_record);
    tcase_add_test(tcase, write__several__one_source_and_each_event);
    tcase_add_test(tcase, write__too_long__is_cut_and_taken);
    tcase_add_loop_test(tcase, write__service_fails__says_so_and_opens_anew, 0, 2);
    tcase_add_test(tcase, write__ill_formed_text__refused_before_the_service_is_asked);
}

DOUBLES_MAIN("eventlog", add_tests)

/*
 * The console prompt: whole words only, nothing typed before, no answer is a deny. Keys are put
 * into a console of the test's own.
 */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"
#include "agent/ask.h"

#include <stdio.h>

#include "shared/win/attachtry.h"
#include "shared/win/handle.h"
#include "shared/win/thread.h"

static struct sbx_error err;
static struct sbx_approval_question question;
static struct sbx_approval_answer answer;
static bool have_console;

/* @return false where the console takes no keys: ntwine makes one without a host */
static bool type_keys(const char *text)
{
    HANDLE in = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE,
        FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    INPUT_RECORD records[64] = {{0}};
    DWORD written = 0, i;
    bool ok;

    for (i = 0; text[i]; i++) {
        records[i].EventType = KEY_EVENT;
        records[i].Event.KeyEvent.bKeyDown = TRUE;
        records[i].Event.KeyEvent.wRepeatCount = 1;
        records[i].Event.KeyEvent.uChar.UnicodeChar = (wchar_t)text[i];
    }
    if (!i) /* asked whether it would: one event that is no key */
        records[i++].EventType = FOCUS_EVENT;
    ok = in != INVALID_HANDLE_VALUE && WriteConsoleInputW(in, records, i, &written) && written == i;
    if (in != INVALID_HANDLE_VALUE)
        CloseHandle(in);
    return ok;
}

static void type(const char *text)
{
    ck_assert(type_keys(text));
}

static void setup(void)
{
    sbx_error_init(&err);
    memset(&answer, 0, sizeof(answer));
    memset(&question, 0, sizeof(question));
    question.kind = SBX_APPROVAL_COMMAND;
    question.subject = "git push \x1b]0;x\x07";
    question.cwd = "C:\\p";
    question.reason = "ask first";
    question.policy_hash = "aa";
    question.timeout_ms = 5000;
    FreeConsole();
    have_console = AllocConsole() && type_keys("");
}

static void teardown(void)
{
    FreeConsole();
}

static DWORD WINAPI type_later(void *context)
{
    Sleep(1500); /* the question is shown by then, and what came before thrown away */
    type(context);
    return 0;
}

static enum sbx_status ask_and_type(const char *text)
{
    enum sbx_status status;
    HANDLE thread = NULL;

    ck_assert_sbx_ok(sbx_thread_start(type_later, (void *)(uintptr_t)text, &thread, &err), &err);
    status = sbx_ask_console(NULL, &question, &answer, &err);
    WaitForSingleObject(thread, INFINITE);
    sbx_handle_close(&thread);
    return status;
}

static const struct {
    const char *keys;
    enum sbx_approval_choice choice; /* NONE: it goes on asking, until the time is over */
} rows[] = {
    {"once\r", SBX_CHOICE_ONCE},
    {"session\r", SBX_CHOICE_SESSION},
    {"deny\r", SBX_CHOICE_DENY},
    {"never\r", SBX_CHOICE_NEVER},
    {"yes\ronce\r", SBX_CHOICE_ONCE},
    {"oncx\be\r", SBX_CHOICE_ONCE},
    {"\b\b\bonce\r", SBX_CHOICE_ONCE},
    {"y\r", SBX_CHOICE_NONE},
    {"once", SBX_CHOICE_NONE},
    {"\r\r", SBX_CHOICE_NONE},
    {"once or so, perhaps\r", SBX_CHOICE_NONE},
    {"1\r", SBX_CHOICE_NONE},
};

START_TEST(keys__row__is_the_answer)
{
    if (!have_console && platform_is_wine())
        UNIT_SKIP("this Wine's own consoles take no keys");
    ck_assert(have_console);
    question.timeout_ms = rows[_i].choice ? 9000 : 2500;
    if (rows[_i].choice == SBX_CHOICE_NONE) {
        ck_assert_int_eq(ask_and_type(rows[_i].keys), SBX_TIMEOUT);
        ck_assert_str_eq(answer.by, "");
    } else {
        ck_assert_sbx_ok(ask_and_type(rows[_i].keys), &err);
        ck_assert_int_eq(strncmp(answer.by, "console", 7), 0);
    }
    ck_assert_int_eq(answer.choice, rows[_i].choice);
}
END_TEST

START_TEST(typed_before_the_question__is_thrown_away)
{
    if (!have_console && platform_is_wine())
        UNIT_SKIP("this Wine's own consoles take no keys");
    ck_assert(have_console);
    type("once\r");
    question.timeout_ms = 400;
    ck_assert_int_eq(sbx_ask_console(NULL, &question, &answer, &err), SBX_TIMEOUT);
    ck_assert_int_eq(answer.choice, SBX_CHOICE_NONE);
}
END_TEST

static DWORD WINAPI interrupt_later(void *context)
{
    (void)context;
    Sleep(1500);
    return (DWORD)GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
}

/* Last of all: from here on this process has been asked to end. */
START_TEST(ctrl_c__ends_the_question_without_an_answer)
{
    HANDLE thread = NULL;

    if (!have_console && platform_is_wine())
        UNIT_SKIP("this Wine's own consoles take no keys");
    question.timeout_ms = 20000;
    ck_assert_sbx_ok(sbx_thread_start(interrupt_later, NULL, &thread, &err), &err);
    ck_assert_int_eq(sbx_ask_console(NULL, &question, &answer, &err), SBX_CANCELLED);
    ck_assert_int_eq(answer.choice, SBX_CHOICE_NONE);
    WaitForSingleObject(thread, INFINITE);
    sbx_handle_close(&thread);
}
END_TEST

START_TEST(no_console__nobody_can_be_asked)
{
    FreeConsole();
    ck_assert_int_eq(sbx_ask_console(NULL, &question, &answer, &err), SBX_UNSUPPORTED);
}
END_TEST

START_TEST(attach_asked__command_line__other_words_are_not_meant)
{
    int code = 0;

    ck_assert(!sbx_attach_asked(NULL, &code));
    ck_assert(!sbx_attach_asked(L"", &code));
    ck_assert(!sbx_attach_asked(L"--confine", &code));
    ck_assert(!sbx_attach_asked(L"--attach-probe", &code));
    ck_assert(!sbx_attach_asked(L"--attach-probes 1", &code));
    ck_assert(sbx_attach_asked(L"--attach-probe 4294967292", &code));
    ck_assert_int_eq(code, SBX_ATTACH_REFUSED);
    ck_assert(sbx_attach_asked(L"--attach-probe x", &code));
    ck_assert_int_eq(code, SBX_ATTACH_JOINED);
}
END_TEST

START_TEST(attach_probe__no_such_process__refused)
{
    ck_assert_int_eq(sbx_attach_try("4294967292"), SBX_ATTACH_REFUSED);
    ck_assert_int_eq(sbx_attach_try("12x"), SBX_ATTACH_JOINED);
    ck_assert_int_eq(sbx_attach_try(""), SBX_ATTACH_JOINED);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, keys__row__is_the_answer, 0, (int)countof(rows));
    tcase_add_test(tcase, typed_before_the_question__is_thrown_away);
    tcase_add_test(tcase, no_console__nobody_can_be_asked);
    tcase_add_test(tcase, attach_asked__command_line__other_words_are_not_meant);
    tcase_add_test(tcase, attach_probe__no_such_process__refused);
    tcase_add_test(tcase, ctrl_c__ends_the_question_without_an_answer);
}

UNIT_MAIN("ask", add_tests)

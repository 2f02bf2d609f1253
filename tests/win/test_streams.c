/*
 * A console as standard output of `agent run`: what the command writes into its pipe is shown as
 * text, be it UTF-8 or the machine's code page, and the console's own code page stays.
 */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"

#include "agent/streams.h"
#include "shared/win/handle.h"
#include "shared/win/oemtext.h"
#include "shared/win/stream.h"

static struct sbx_error err;

static HANDLE open_console(void)
{
    FreeConsole();
    if (!AllocConsole())
        return INVALID_HANDLE_VALUE;
    return CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
        NULL, OPEN_EXISTING, 0, NULL);
}

START_TEST(console_output__utf8_and_code_page__are_text)
{
    /* u-umlaut in UTF-8 in two parts, and in the code pages of western machines */
    static const char *const parts[] = {"A\xc3", "\xbc", "B\r\n", "C\x81", "D\r\n"};
    const unsigned code_page = sbx_oem_code_page();
    const bool western = code_page == 437 || code_page == 850;
    HANDLE console = open_console(), old = GetStdHandle(STD_OUTPUT_HANDLE), output;
    struct sbx_streams streams;
    wchar_t seen_w[2][4] = {L"", L""};
    DWORD count = 0, mode = 0;
    UINT before;
    size_t i;

    sbx_error_init(&err);
    if (!GetConsoleMode(console, &mode) && platform_is_wine())
        UNIT_SKIP("this Wine makes no console that answers");
    ck_assert(GetConsoleMode(console, &mode));
    before = GetConsoleOutputCP();
    SetStdHandle(STD_OUTPUT_HANDLE, console);
    ck_assert_sbx_ok(sbx_streams_open(&streams, &err), &err);
    ck_assert_sbx_ok(sbx_handle_duplicate(streams.child[1], false, &output, &err), &err);
    ck_assert_uint_eq(GetConsoleOutputCP(), before);
    for (i = 0; i < countof(parts); i++) {
        ck_assert_msg(sbx_stream_write(output, parts[i], strlen(parts[i])), "part %zu: error %lu",
            i, GetLastError());
        Sleep(50);
    }
    sbx_handle_close(&output);
    for (i = 0; i < countof(streams.owned); i++)
        if (streams.owned[i])
            sbx_handle_close(&streams.child[i]);
    sbx_streams_close(&streams);
    for (i = 0; i < 2; i++) {
        const COORD at = {0, (SHORT)i};

        ck_assert(ReadConsoleOutputCharacterW(console, seen_w[i], 3, at, &count));
    }
    ck_assert(seen_w[0][0] == L'A' && seen_w[0][1] == 0xfc && seen_w[0][2] == L'B');
    ck_assert(seen_w[1][0] == L'C' && seen_w[1][2] == L'D');
    ck_assert(!western || seen_w[1][1] == 0xfc);
    SetStdHandle(STD_OUTPUT_HANDLE, old);
    sbx_handle_close(&console);
    FreeConsole();
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, console_output__utf8_and_code_page__are_text);
}

UNIT_MAIN("streams", add_tests)

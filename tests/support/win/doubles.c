/* See doubles.h. Plain Win32 on purpose: the code under test must not check itself. */
#include "doubles.h"
#include "scratch.h"

#include <stdio.h>

#define STATE_MAX_BYTES (8u << 20)
#define CALLS L"ntwine-calls.jsonl"

static unsigned skipped;

int doubles_run(const char *name, void (*add_tests)(TCase *tcase))
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed, run;

    tcase_set_timeout(tcase, 120);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    run = srunner_ntests_run(runner);
    srunner_free(runner);
    printf("%d passed, %d failed, %u skipped\n", run - failed - (int)skipped, failed, skipped);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void doubles_skip(const char *test, const char *reason)
{
    size_t length = strlen(test);

    /* Check names the function TEST_fn. */
    if (length > 3 && strcmp(test + length - 3, "_fn") == 0)
        length -= 3;
    printf("skipped: %.*s: %s\n", (int)length, test, reason);
    fflush(stdout);
    skipped++;
}

bool doubles_present(void)
{
    return platform_is_wine() && !platform_is_stock_wine();
}

static bool is_administrator(void)
{
    SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
    BOOL member = FALSE;
    PSID sid = NULL;

    if (AllocateAndInitializeSid(
            &nt, 2, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS, 0, 0, 0, 0, 0, 0, &sid)) {
        if (!CheckTokenMembership(NULL, sid, &member))
            member = FALSE;
        FreeSid(sid);
    }
    return member != FALSE;
}

const char *doubles_why_not(void)
{
    wchar_t value_w[8] = {0};

    if (platform_is_stock_wine())
        return "stock Wine has no accounts";
    if (!is_administrator())
        return "needs an administrator's token";
    GetEnvironmentVariableW(L"SBX_CHANGE_MACHINE", value_w, countof(value_w));
    if (!platform_is_wine() && wcscmp(value_w, L"1") != 0)
        return "changes the machine; set SBX_CHANGE_MACHINE=1 on one that may be changed";
    return NULL;
}

/* WINECONFIGDIR is "\??\Z:\..." for the prefix. */
static void path_of(const wchar_t *name_w, wchar_t *path_w, size_t size_cch)
{
    wchar_t folder_w[400] = {0};
    DWORD cch = GetEnvironmentVariableW(L"WINECONFIGDIR", folder_w, countof(folder_w));

    ck_assert_uint_gt(cch, 4);
    ck_assert_uint_lt(cch, countof(folder_w));
    ck_assert_int_gt(snwprintf(path_w, size_cch, L"%ls\\%ls", folder_w + 4, name_w), 0);
}

static char *read_all(const wchar_t *name_w)
{
    wchar_t path_w[500];
    HANDLE file;
    char *text = calloc(STATE_MAX_BYTES, 1);
    DWORD got = 0;

    ck_assert_ptr_nonnull(text);
    path_of(name_w, path_w, countof(path_w));
    file = CreateFileW(path_w, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return text; /* nothing was doubled yet */
    ck_assert(ReadFile(file, text, STATE_MAX_BYTES - 1, &got, NULL));
    CloseHandle(file);
    return text;
}

char *doubles_state(void)
{
    return read_all(L"ntwine-state.json");
}

/* One record a line: {"kind": "user", "name": "..."}. */
static bool line_has(const char *line, size_t length, const char *field, const char *value)
{
    char text[600];
    int n = snprintf(text, sizeof(text), "\"%s\": \"%s\"", field, value);
    const char *at = line;

    ck_assert(n > 0 && (size_t)n < sizeof(text));
    while (at && at + n <= line + length) {
        if (strncmp(at, text, (size_t)n) == 0)
            return true;
        at = memchr(at + 1, '"', length - (size_t)(at + 1 - line));
    }
    return false;
}

static unsigned count_lines(
    char *text, const char *field, const char *value, const char *field2, const char *value2)
{
    const char *line = text;
    unsigned count = 0;

    while (line && *line) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : strlen(line);

        if (line_has(line, length, field, value) &&
            (!field2 || line_has(line, length, field2, value2)))
            count++;
        line = end ? end + 1 : NULL;
    }
    free(text);
    return count;
}

unsigned doubles_count(const char *kind)
{
    return count_lines(doubles_state(), "kind", kind, NULL, NULL);
}

/* Calls of this process whose records were taken out. */
static struct {
    char function[64];
    unsigned count;
} forgotten[64];

unsigned doubles_calls(const char *function)
{
    char pid[16];
    unsigned before = 0;
    size_t i;

    for (i = 0; i < countof(forgotten); i++)
        if (strcmp(forgotten[i].function, function) == 0)
            before = forgotten[i].count;
    snprintf(pid, sizeof(pid), "%lu", (unsigned long)GetCurrentProcessId());
    return before + count_lines(read_all(CALLS), "function", function, "pid", pid);
}

static void forget(const char *line, size_t length)
{
    static const char head[] = "\"function\": \"";
    const char *at = strstr(line, head);
    char pid[16], name[64] = "";
    size_t i;

    snprintf(pid, sizeof(pid), "%lu", (unsigned long)GetCurrentProcessId());
    if (!at || at > line + length || !line_has(line, length, "pid", pid))
        return;
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + strlen(head), "\""), at + strlen(head));
    for (i = 0; i < countof(forgotten); i++) {
        if (!forgotten[i].function[0])
            snprintf(forgotten[i].function, sizeof(forgotten[i].function), "%s", name);
        if (strcmp(forgotten[i].function, name) == 0) {
            forgotten[i].count++;
            return;
        }
    }
    ck_abort_msg("more than %u functions", (unsigned)countof(forgotten));
}

void doubles_fail(const char *function, unsigned nth, uint32_t code)
{
    char rule[128];
    char rules[1000] = "";
    DWORD used = GetEnvironmentVariableA("NTWINE_FAIL", rules, sizeof(rules));

    snprintf(rule, sizeof(rule), "%s%s:%u:%u", used ? "," : "", function,
        doubles_calls(function) + nth, (unsigned)code);
    ck_assert_uint_lt(strlen(rules) + strlen(rule), sizeof(rules));
    memcpy(rules + strlen(rules), rule, strlen(rule) + 1);
    ck_assert(SetEnvironmentVariableA("NTWINE_FAIL", rules));
}

void doubles_clear(void)
{
    SetEnvironmentVariableA("NTWINE_FAIL", NULL);
}

static void store(const wchar_t *name_w, const char *text)
{
    wchar_t path_w[500];
    HANDLE file;
    DWORD done = 0;

    path_of(name_w, path_w, countof(path_w));
    file = CreateFileW(path_w, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    ck_assert_ptr_ne(file, INVALID_HANDLE_VALUE);
    ck_assert(WriteFile(file, text, (DWORD)strlen(text), &done, NULL));
    ck_assert_uint_eq(done, strlen(text));
    CloseHandle(file);
}

void doubles_forget_calls(void)
{
    char *calls = read_all(CALLS);
    const char *line = calls;

    while (line && *line) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : strlen(line);

        if (line_has(line, length, "kind", "call"))
            forget(line, length);
        line = end ? end + 1 : NULL;
    }
    store(CALLS, "");
    free(calls);
}

void doubles_set(const char *kind, const char *name, const char *field, const char *value)
{
    char *state = doubles_state();
    char *out = calloc(STATE_MAX_BYTES, 1);
    const char *line = state;
    size_t used = 0;
    bool found = false;

    ck_assert_ptr_nonnull(out);
    while (line && *line) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : strlen(line);

        if (line_has(line, length, "kind", kind) &&
            (!name || line_has(line, length, "name", name))) {
            /* The last one of a name wins, so it is put in front of the closing brace. */
            const char *brace = line + length;

            while (brace > line && *brace != '}')
                brace--;
            used +=
                (size_t)snprintf(out + used, STATE_MAX_BYTES - used, "%.*s, \"%s\": \"%s\"%.*s\n",
                    (int)(brace - line), line, field, value, (int)(line + length - brace), brace);
            found = true;
        } else {
            used +=
                (size_t)snprintf(out + used, STATE_MAX_BYTES - used, "%.*s\n", (int)length, line);
        }
        line = end ? end + 1 : NULL;
    }
    ck_assert_msg(found, "no %s '%s'", kind, name ? name : "");
    store(L"ntwine-state.json", out);
    free(out);
    free(state);
}

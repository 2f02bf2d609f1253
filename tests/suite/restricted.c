/*
 * A write-restricted token of the suite's own making: what the platform does with it tells whether
 * a row can show anything there, without a line of the code under test.
 */
#include "suite.h"
#include <sddl.h>

HANDLE restricted_token(void)
{
    static const char *texts[3] = {"S-1-1-0", SUITE_RANDOM_SID, NULL};
    SID_AND_ATTRIBUTES sids[3] = {{0}};
    DWORD count = 0;
    HANDLE token = NULL, restricted = NULL;
    texts[2] = logon_sid();
    for (int i = 0; i < 3; i++)
        if (texts[i] && ConvertStringSidToSidW(w(texts[i]), &sids[count].Sid))
            count++;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &token))
        return NULL;
    BOOL ok = CreateRestrictedToken(token, 0xD /* no privileges, LUA, write-restricted */, 0, NULL,
        0, NULL, count, sids, &restricted);
    DWORD error = GetLastError();
    CloseHandle(token);
    SetLastError(error);
    return ok ? restricted : NULL;
}

/* The probe's answer under that token. */
struct probe_result restricted_try(const char *words)
{
    struct run run = {.token = restricted_token()};
    probe_words(&run, words);
    if (!run.token) {
        struct probe_result none = {PROBE_BROKEN, GetLastError(), PROBE_BROKEN,
            f("CreateRestrictedToken: error %lu", GetLastError())};
        return none;
    }
    run_all(&run);
    struct probe_result result = probe_judge(&run);
    if (run.start_error || result.outcome == PROBE_BROKEN)
        result.line =
            f("start error %lu, exit code 0x%lX, %s", run.start_error, run.code, result.line);
    CloseHandle(run.token);
    return result;
}

/* See attachtry.h. */
#include "attachtry.h"

#define PID_DIGITS_MAX 12u

int sbx_attach_try(const char *pid_text)
{
    DWORD pid = 0;

    for (; *pid_text >= '0' && *pid_text <= '9'; pid_text++)
        pid = pid * 10 + (DWORD)(*pid_text - '0');
    FreeConsole();
    return pid && !*pid_text && !AttachConsole(pid) ? SBX_ATTACH_REFUSED : SBX_ATTACH_JOINED;
}

bool sbx_attach_asked(const wchar_t *command_line_w, int *ret_code)
{
    static const wchar_t verb_w[] = L"" SBX_ATTACH_RUNNER_VERB L" ";
    char digits[PID_DIGITS_MAX + 1] = "";
    size_t i;

    if (!command_line_w || wcsncmp(command_line_w, verb_w, countof(verb_w) - 1) != 0)
        return false;
    command_line_w += countof(verb_w) - 1;
    for (i = 0; i < PID_DIGITS_MAX && command_line_w[i]; i++)
        digits[i] = command_line_w[i] < 128 ? (char)command_line_w[i] : '?';
    *ret_code = sbx_attach_try(digits);
    return true;
}

/*
 * The parameters that a suspended process was created with, in its memory. Only for a process that
 * was never resumed: one that has run may have changed its own copy.
 * @see
 * https://learn.microsoft.com/windows/win32/api/winternl/ns-winternl-rtl_user_process_parameters
 */
#ifndef SBX_REMOTEPARAMS_H
#define SBX_REMOTEPARAMS_H

#include "win.h"
#include "../core/base.h"

#define SBX_REMOTE_DESKTOP_MAX_CCH 512u

struct sbx_remote_stdio {
    HANDLE std_in, std_out, std_err; /* numbers in that process; mean nothing here */
};

/** The desktop's text, terminated. @return false when it cannot be read or is too long */
bool sbx_remote_desktop(HANDLE process, wchar_t text_w[SBX_REMOTE_DESKTOP_MAX_CCH + 1]);

/** The standard handles. @return false when they cannot be read */
bool sbx_remote_stdio(HANDLE process, struct sbx_remote_stdio *ret_stdio);

/** Write other standard handles there. @return false when they cannot be written */
bool sbx_remote_set_stdio(HANDLE process, const struct sbx_remote_stdio *stdio);

#endif

/*
 * The private desktop of a run: windows, hooks and the clipboard viewer chain of the child are
 * kept from the user's desktop. user32.dll is loaded only when one is made.
 *
 * @see https://learn.microsoft.com/windows/win32/winstation/desktops
 */
#ifndef SBX_DESKTOP_H
#define SBX_DESKTOP_H

#include "win.h"
#include "../core/acldata.h"
#include "../core/error.h"
#include "../core/finding.h"

struct sbx_private_desktop {
    HDESK handle;
    char *path; /* "WinSta0\SbxRun-..." for sbx_spawn.desktop; owned */
};

/**
 * Make a desktop with a descriptor, in this process's window station, and read its DACL back.
 * @param name one component: letters, digits, '-'; unique per run
 * @param descriptor who may use it (sbx_sd_private_desktop)
 * @param findings required: "DesktopDacl" when the entries cannot be read back or differ
 * @return SBX_UNSUPPORTED without user32; SBX_EXISTS when the name is taken; SBX_DENIED
 * @see https://learn.microsoft.com/windows/win32/api/winuser/nf-winuser-createdesktopw
 */
SBX_MUST_CHECK enum sbx_status sbx_desktop_new(const char *name,
    const struct sbx_descriptor *descriptor, struct sbx_findings *findings,
    struct sbx_private_desktop *ret_desktop, struct sbx_error *err);

/** Close. The desktop disappears with its last handle and last process. NULL does nothing. */
void sbx_desktop_close(struct sbx_private_desktop *desktop);

/** "Station\Desktop" of the calling thread; owned by the caller (free()). */
SBX_MUST_CHECK enum sbx_status sbx_desktop_current(char **ret_path, struct sbx_error *err);

#endif

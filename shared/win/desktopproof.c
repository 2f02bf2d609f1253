/* See desktopproof.h. */
#include "desktopproof.h"

#include "remoteparams.h"
#include "wstr.h"

enum sbx_status sbx_desktop_prove(
    HANDLE process, const char *desktop, struct sbx_findings *findings, struct sbx_error *err)
{
    wchar_t seen_w[SBX_REMOTE_DESKTOP_MAX_CCH + 1] = {0};
    wchar_t *wanted_w = NULL;
    char seen[256];
    enum sbx_status status;

    if (!sbx_remote_desktop(process, seen_w)) {
        sbx_findings_add(findings, "Desktop", "the child's parameters could not be read");
        return sbx_fail(err, SBX_UNPROVEN, "the child's desktop could not be read back");
    }
    status = sbx_wstr_from_utf8(desktop, &wanted_w, err);
    if (!status && wcscmp(seen_w, wanted_w) != 0) {
        sbx_wstr_display(seen_w, wcslen(seen_w), seen, sizeof(seen));
        sbx_findings_add(findings, "Desktop", "asked for '%s', the child has '%s'", desktop, seen);
        status =
            sbx_fail(err, SBX_UNPROVEN, "the child's desktop is '%s', not '%s'", seen, desktop);
    }
    free(wanted_w);
    return status;
}

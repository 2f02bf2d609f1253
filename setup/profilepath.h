/* Where profiles lie, from the machine's registry and not from anybody's environment. */
#ifndef SBX_SETUP_PROFILEPATH_H
#define SBX_SETUP_PROFILEPATH_H

#include "context.h"

/**
 * The profile folder of a user (HKLM\...\ProfileList\SID, ProfileImagePath), expanded.
 * @return SBX_NOT_FOUND: never logged on here
 * @see https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-reggetvaluew
 */
SBX_MUST_CHECK enum sbx_status sbx_profile_path(
    const struct sbx_sid *sid, char **ret_path, struct sbx_error *err);

/** The folder in which profiles lie side by side: the parent of this process's own one. */
SBX_MUST_CHECK enum sbx_status sbx_profile_directory(char **ret_path, struct sbx_error *err);

#endif

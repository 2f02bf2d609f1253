/*
 * Where profiles lie, from the machine's registry and not from anybody's environment: what an
 * elevated program finds in %SystemDrive% may come from the user's own key.
 */
#ifndef SBX_SETUP_PROFILEPATH_H
#define SBX_SETUP_PROFILEPATH_H

#include "context.h"

/**
 * The profile folder of a user (HKLM\...\ProfileList\SID, ProfileImagePath).
 * @param ret_path owned by the caller; "C:\Users\NAME"
 * @return SBX_NOT_FOUND: never logged on here; SBX_INVALID: no path on a drive
 * @see https://learn.microsoft.com/windows/win32/winprog64/shared-registry-keys
 */
SBX_MUST_CHECK enum sbx_status sbx_profile_path(
    const struct sbx_sid *sid, char **ret_path, struct sbx_error *err);

/**
 * The folder in which profiles lie side by side (ProfilesDirectory there), for whomever this
 * process runs: the system's own profile does not lie in it.
 * @see https://learn.microsoft.com/windows/win32/api/userenv/nf-userenv-getprofilesdirectoryw
 */
SBX_MUST_CHECK enum sbx_status sbx_profile_directory(char **ret_path, struct sbx_error *err);

/**
 * A stored path with %SystemDrive% or %SystemRoot% at its start put in full. Pure.
 * @param windows "C:\Windows", from the system
 * @return SBX_INVALID for any other variable and for what is no path on a drive
 */
SBX_MUST_CHECK enum sbx_status sbx_profile_expand(
    const char *stored, const char *windows, char **ret_path, struct sbx_error *err);

#endif

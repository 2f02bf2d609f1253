/* User profiles of accounts: asked for and deleted. Only sandbox-setup.exe needs this. */
#ifndef SBX_PROFILE_H
#define SBX_PROFILE_H

#include "win.h"
#include "../core/ntsid.h"

/**
 * Whether Windows has a profile on record for a SID (HKLM\...\ProfileList\SID).
 */
SBX_MUST_CHECK enum sbx_status sbx_profile_exists(
    const struct sbx_sid *sid, bool *ret_exists, struct sbx_error *err);

/**
 * Delete a user's profile, folder and registry entry. Must be called before the account is deleted.
 * No profile is success.
 * @return SBX_DENIED without administrator's rights; SBX_OS (87) while it is loaded
 * @see https://learn.microsoft.com/windows/win32/api/userenv/nf-userenv-deleteprofilew
 */
SBX_MUST_CHECK enum sbx_status sbx_profile_delete(const struct sbx_sid *sid, struct sbx_error *err);

#endif

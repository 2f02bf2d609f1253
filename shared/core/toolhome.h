/*
 * Tool homes: folders inside the user's profile that hold programs, found from PATH by a table, and
 * places of the profile that are never given to anyone (design 4, "Reads").
 *
 * PATH alone is not enough to run a tool: cargo's programs are links to a toolchain in .rustup,
 * scoop's shims start what lies in scoop\apps. And a folder on PATH is not reason enough to give
 * its surroundings: .cargo holds a registry's credentials beside bin. So the table says, for each
 * kind of folder on PATH, exactly what is given. A folder that is not in it gives nothing; a policy
 * can name it with allowRead.
 */
#ifndef SBX_TOOLHOME_H
#define SBX_TOOLHOME_H

#include "policy.h"

/**
 * The homes of one directory on PATH.
 * @param profile, path_directory normal, final paths
 * @param ret_homes appended: normal paths inside the profile, which may not exist
 */
SBX_MUST_CHECK enum sbx_status sbx_toolhome_find(const char *profile, const char *path_directory,
    struct sbx_strings *ret_homes, struct sbx_error *err);

/**
 * Whether a folder is, holds or lies in a place of the profile that no table may give: keys,
 * credentials, browser data.
 * @return the place below the profile (".ssh"), static; NULL when it is none
 */
const char *sbx_toolhome_denied(const char *profile, const char *path);

#endif

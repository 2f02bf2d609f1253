/*
 * What is what in a repository folder; for protectgit.c and protectprint.c. Nobody else includes
 * this.
 */
#ifndef SBX_AGENT_PROTECTGIT_H
#define SBX_AGENT_PROTECTGIT_H

#include "protectparts.h"

#define SBX_GIT_ENTRIES_MAX 50000u /* of one repository, objects aside */

enum sbx_git_part {
    SBX_GIT_PART_OTHER = 0,
    SBX_GIT_PART_HOOKS,     /* a hooks folder */
    SBX_GIT_PART_CONFIG,    /* config, config.worktree */
    SBX_GIT_PART_COMMONDIR, /* leads elsewhere */
    SBX_GIT_PART_CONTENT    /* objects, refs, logs: never looked into */
};

/** By its name alone. */
enum sbx_git_part sbx_protect_git_part(const struct sbx_filewalk_entry *entry);

/** Names are compared as the file system does, without case. */
bool sbx_protect_git_is(const struct sbx_filewalk_entry *entry, const wchar_t *name_w);

/** An empty hooks folder, so that there is something that can be denied. @param parent borrowed */
SBX_MUST_CHECK enum sbx_status sbx_protect_git_empty_hooks(HANDLE parent, struct sbx_error *err);

#endif

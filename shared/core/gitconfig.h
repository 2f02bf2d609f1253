/*
 * Which keys of a git configuration file make git run a program, or read configuration from
 * elsewhere. Attack row G1: a repository that a sandboxed command made or changed, used later by
 * the user outside.
 *
 * Reports only; nothing here edits. The file is written by whoever is not trusted, so the reader
 * is strict: it takes what git's own reader takes, and at the first line that it does not
 * understand it stops and says so. What follows such a line is unknown and counts as a finding.
 *
 * @see https://git-scm.com/docs/git-config
 */
#ifndef SBX_GITCONFIG_H
#define SBX_GITCONFIG_H

#include "policy.h"

#define SBX_GITCONFIG_MAX_BYTES ((size_t)1024 * 1024)
#define SBX_GITCONFIG_MAX_KEYS 64u

struct sbx_gitconfig {
    struct sbx_strings keys; /* "core.fsmonitor", "filter.x.clean": printable, each once, no values;
                                at most SBX_GITCONFIG_MAX_KEYS */
    bool more;               /* there were more */
    uint32_t bad_line;       /* 0: understood to the end; else the line where reading stopped */
};

/**
 * Look through a configuration file.
 * @param text        bytes as read, any content; not terminated
 * @param ret_config  initialised by this function; release with sbx_gitconfig_done
 * @return SBX_OOM only: a malformed file is an answer, not a failure
 */
SBX_MUST_CHECK enum sbx_status sbx_gitconfig_scan(
    const char *text, size_t length_bytes, struct sbx_gitconfig *ret_config, struct sbx_error *err);
void sbx_gitconfig_done(struct sbx_gitconfig *config);

/** True when there is nothing to report. */
bool sbx_gitconfig_is_clean(const struct sbx_gitconfig *config);

#endif

/*
 * Patterns of a policy's paths: "C:\keys\*.pem", "~\src\**\.env".
 *
 * Component by component: `*` is any text within one component, `?` one character, `**` as a whole
 * component any number of components, none included. ASCII letters compare without case. Looked up
 * on the disk once (agent/readroots.h): what is made later is matched by the next run.
 */
#ifndef SBX_PATHGLOB_H
#define SBX_PATHGLOB_H

#include "base.h"
#include "error.h"

/** True when the text holds a wildcard. */
bool sbx_pathglob_is_pattern(const char *text);

/**
 * Split a pattern before the first component with a wildcard.
 * @param ret_base owned: what stands before it, "" when nothing does
 * @param ret_rest into text: the pattern below that
 */
SBX_MUST_CHECK enum sbx_status sbx_pathglob_split(
    const char *text, char **ret_base, const char **ret_rest, struct sbx_error *err);

/**
 * True when the pattern matches the whole path. Both relative; '\' and '/' separate in both.
 * Never takes longer than the product of both lengths.
 */
bool sbx_pathglob_match(const char *pattern, const char *path);

/** How many components deep a match can lie; SIZE_MAX with `**`. */
size_t sbx_pathglob_depth(const char *pattern);

#endif

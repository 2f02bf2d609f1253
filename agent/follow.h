/*
 * Names given by the caller (the working directory, roots, programs) are opened once, links
 * followed as the user expects, and from then on the object's final path is what counts: a root
 * that is a junction to C:\ is judged, and granted, as C:\ (attack row F11).
 */
#ifndef SBX_AGENT_FOLLOW_H
#define SBX_AGENT_FOLLOW_H

#include "shared/win/file.h"

/**
 * Open an existing object by a name that may contain links.
 * @param path         normal form (winpath.h)
 * @param access       FILE_READ_ATTRIBUTES is added
 * @param ret_handle   owned; may be NULL when only the path is wanted
 * @param ret_path     owned; final path in normal form; may be NULL
 * @return SBX_NOT_FOUND; SBX_DENIED (1920 for an app execution alias); SBX_INVALID when the final
 *         path has no normal form
 * @see https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
 */
SBX_MUST_CHECK enum sbx_status sbx_follow_open(const char *path, ACCESS_MASK access,
    HANDLE *ret_handle, char **ret_path, struct sbx_error *err);

/**
 * Refuse a path that leads through a link which a sandboxed command could have made. A command may
 * empty its root, or a folder in it, and turn that into a junction to any other folder; the next
 * run started "there" would be granted the target. A root carries our capability entries, and the
 * command cannot take them off: a link that has one, or lies below a folder that has one, is not
 * followed. Links elsewhere are followed as always.
 * @param path normal form; what does not exist (yet) is no link
 * @return SBX_DENIED with the link's name and a hint
 */
SBX_MUST_CHECK enum sbx_status sbx_follow_check_links(const char *path, struct sbx_error *err);

#endif

/*
 * What `agent why` reads from the disk: the descriptors of a path, of its directory and of the
 * objects above it that a plan puts entries on. By handle; nothing is written.
 */
#ifndef SBX_AGENT_WHYREAD_H
#define SBX_AGENT_WHYREAD_H

#include "shared/core/whyanswer.h"

/* Owns everything that `question` borrows. Start with {0}. */
struct sbx_why_place {
    struct sbx_why_question question; /* op, object, parent, above, walked, plan are set */
    char *path, *parent_path;
    struct sbx_descriptor object, parent;
    struct sbx_why_object *above;
    struct sbx_descriptor *above_descriptors;
    size_t above_count;
    struct sbx_strings walked;
};

/**
 * Read a path.
 *
 * The directory's name may go through links, as for a command. A last component that is a link is
 * followed too, except for `delete`, which is about the link itself.
 * @param cwd             normal; what a relative path starts from
 * @param path            as the caller wrote it
 * @param state_directory where the ledgers are; NULL: nothing was ever granted
 * @return SBX_NOT_FOUND when the directory does not exist; SBX_DENIED when an access list may not
 *         be read; SBX_INVALID for a path that has no normal form. Release in any case.
 */
SBX_MUST_CHECK enum sbx_status sbx_why_read(const char *cwd, const char *path, enum sbx_why_op op,
    const struct sbx_plan *plan, const char *state_directory, struct sbx_why_place *ret_place,
    struct sbx_error *err);
void sbx_why_place_done(struct sbx_why_place *place);

#endif

/*
 * The machine's folders by handle: looked at, made, mended, removed.
 *
 * MUSTs of this file:
 *  1. A folder is opened one component after the other without following a reparse point, and
 *     made below the open handle of its parent (file.h); a junction anywhere in the path ends it.
 *  2. What lies under our name and is not a folder of the machine (another owner, a link, a file)
 *     is squatting: it is renamed aside, itself and not its target, never opened up by a new DACL.
 *  3. The ancestors (Program Files, ProgramData) must belong to the machine.
 *  4. A tree is removed by handles; a link in it goes itself.
 */
#ifndef SBX_SETUP_PLACE_H
#define SBX_SETUP_PLACE_H

#include "descriptors.h"

enum sbx_place_state {
    SBX_PLACE_ABSENT = 1,
    SBX_PLACE_SQUATTED, /* something that is not a folder of the machine */
    SBX_PLACE_FOLDER    /* a folder of the machine; its DACL is in ret_descriptor */
};

/**
 * Look at one folder.
 * @param ret_descriptor may be NULL; {0} unless FOLDER; released with sbx_descriptor_done
 * @return SBX_DENIED when an ancestor is a link or does not belong to the machine
 */
SBX_MUST_CHECK enum sbx_status sbx_place_look(const struct sbx_setup *setup,
    enum sbx_setup_folder folder, enum sbx_place_state *ret_state,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/**
 * Make the folder be there: create it with the descriptor, after renaming aside what squats its
 * name; or set the DACL of an existing one. Idempotent.
 */
SBX_MUST_CHECK enum sbx_status sbx_place_make(struct sbx_setup *setup, enum sbx_setup_folder folder,
    const struct sbx_descriptor *descriptor, struct sbx_error *err);

/** Open a folder of the machine. @return SBX_NOT_FOUND; SBX_DENIED for a squatted one */
SBX_MUST_CHECK enum sbx_status sbx_place_open(const struct sbx_setup *setup,
    enum sbx_setup_folder folder, ACCESS_MASK access, HANDLE *ret_handle, struct sbx_error *err);

/**
 * Remove the folder and everything below; an absent or squatted one is success.
 * The caller has SeBackup and SeRestore enabled: homes are closed to administrators.
 */
SBX_MUST_CHECK enum sbx_status sbx_place_remove(
    struct sbx_setup *setup, enum sbx_setup_folder folder, struct sbx_error *err);

/**
 * Remove the folder if it is empty and exactly as sbx_place_make makes it.
 * @param ret_removed may be NULL
 */
SBX_MUST_CHECK enum sbx_status sbx_place_remove_empty(struct sbx_setup *setup,
    enum sbx_setup_folder folder, bool *ret_removed, struct sbx_error *err);

#endif

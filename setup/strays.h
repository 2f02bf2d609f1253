/*
 * What a set-up that was killed, or lost its power, left between two names: a state file is written
 * under a temporary name and renamed (shared/win/file.h, sbx_file_replace_at), so a death between
 * the two leaves "NAME.<hex>-<hex>.tmp" behind. It is ours, it means nothing, and it would keep the
 * program folder from being removed.
 */
#ifndef SBX_SETUP_STRAYS_H
#define SBX_SETUP_STRAYS_H

#include "context.h"

/**
 * Delete the temporary files of set-up's own names from the program folder and the folder of the
 * secrets. Only while the journal is locked: no other set-up is at work then.
 * Nothing else is touched: no link is followed, no directory entered.
 * @param ret_removed how many; also set after a failure
 * @return the first failure, after all were tried; an absent or squatted folder is success
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_remove_strays(
    struct sbx_setup *setup, size_t *ret_removed, struct sbx_error *err);

/**
 * Last of an uninstall: strays, journal, and the program folder if it is empty then. Also when
 * nothing else of an installation is there: a set-up may have been killed after it had made the
 * folder and before it had made the journal, or between removing the one and the other.
 * @param ret_changed set to true when something was removed, else left as it is
 * @param ret_left something that set-up did not make is in the folder (a machine policy)
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_remove_folder(
    struct sbx_setup *setup, bool *ret_changed, bool *ret_left, struct sbx_error *err);

#endif

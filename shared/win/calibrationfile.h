/*
 * The calibration record's file (shared/core/calibration.h): read strictly, written whole.
 */
#ifndef SBX_CALIBRATIONFILE_H
#define SBX_CALIBRATIONFILE_H

#include "win.h"
#include "../core/calibration.h"

/**
 * Read the record in a state folder. Refused are links in the path, a second name, an owner or a
 * writer other than `user`, SYSTEM and Administrators, and any text that format does not print.
 * @param ret overwritten; empty when there is none and after a failure
 * @param ret_exists a file is there, whatever is in it
 * @return SBX_OK also without a file; SBX_UNPROVEN, SBX_DENIED or SBX_INVALID with the reason: the
 *         record then counts as none
 */
SBX_MUST_CHECK enum sbx_status sbx_calibrationfile_read(const char *state_directory,
    const struct sbx_sid *user, struct sbx_calibration *ret, bool *ret_exists,
    struct sbx_error *err);

/**
 * Replace the record and read it back. One that is there and damaged is kept beside it as
 * calibration.json.damaged.
 * @param state_directory exists; its access list is what the file inherits
 * @return SBX_UNPROVEN when it reads back otherwise, or somebody else may write it: it then counts
 *         as none
 */
SBX_MUST_CHECK enum sbx_status sbx_calibrationfile_write(const char *state_directory,
    const struct sbx_sid *user, const struct sbx_calibration *calibration, struct sbx_error *err);

#endif

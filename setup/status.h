/*
 * What of an installation is on this machine: read, never changed. Needs no administrator.
 */
#ifndef SBX_SETUP_STATUS_H
#define SBX_SETUP_STATUS_H

#include "shared/core/buf.h"
#include "shared/core/error.h"

/**
 * Append the state as one JSON object: the record, the group, the accounts, each with what was
 * found, and "installed", which is true only when all of them are there.
 * @return SBX_OS and friends when something could not be asked; an absent thing is no failure
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_status(struct sbx_buf *ret_json, struct sbx_error *err);

#endif

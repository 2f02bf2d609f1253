/*
 * `repair-owner PATH`: what a sandbox account owns below a folder becomes the operator's.
 *
 * MUSTs of this file:
 *  1. The object is opened by handle without following links, is on a local volume, and its path
 *     as the handle gives it is checked: not in another user's profile, not in the system's or the
 *     machine's folders.
 *  2. Only objects that belong to one of the sandbox accounts of the record change their owner, so
 *     nothing of anybody else can be taken over by asking for it. A file with a second name (hard
 *     link) is left alone.
 *  3. The operator is the one of the request, and is an operator of the installation.
 */
#ifndef SBX_SETUP_OWNERFIX_H
#define SBX_SETUP_OWNERFIX_H

#include "context.h"

/** Do it. Counts are told as a note. @param ret_changed something got another owner */
SBX_MUST_CHECK enum sbx_status sbx_ownerfix_run(
    struct sbx_setup *setup, bool *ret_changed, struct sbx_error *err);

#endif

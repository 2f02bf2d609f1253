/*
 * One run of sandbox-setup: a checked request and an operator in, events and a result out.
 * The same for the pipe and for direct use.
 */
#ifndef SBX_SETUP_RUN_H
#define SBX_SETUP_RUN_H

#include "context.h"

/**
 * Do what setup->request asks. Step events go to setup->sink while it runs.
 * @param setup request, operator and sink filled, the rest {0}; still to be released
 * @param ret_result {0}; the result event, owned by the caller; always complete
 */
void sbx_setup_run(struct sbx_setup *setup, struct sbx_setup_event *ret_result);

/**
 * Append the state as JSON: platform, record, accounts, one state per step. Reads only; needs no
 * administrator, who sees more.
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_status(struct sbx_buf *ret_json, struct sbx_error *err);

#endif

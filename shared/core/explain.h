/*
 * What a code means, why it happens, and what to do: for `agent explain CODE`.
 *
 * A code is an exit code of agent.exe, a status of its errors ("unproven"), a fact that could not
 * be proved ("TokenRestrictedSids"), a system error that our messages name ("1326" or
 * "ERROR_LOGON_FAILURE"), a check of `agent doctor` ("account.locked"), or a row of `agent verify`
 * ("F1a"). Pure.
 */
#ifndef SBX_EXPLAIN_H
#define SBX_EXPLAIN_H

#include "buf.h"
#include "error.h"

struct sbx_explanation {
    const char *code;
    const char *what;
    const char *why;
    const char *remedy;
};

extern const struct sbx_explanation sbx_explanations[];
extern const size_t sbx_explanation_count;

/**
 * Append the text for a code, upper or lower case: what, why, what to do.
 * @return SBX_NOT_FOUND; the text then names how codes look
 */
SBX_MUST_CHECK enum sbx_status sbx_explain(
    const char *code, struct sbx_buf *ret_text, struct sbx_error *err);

#endif

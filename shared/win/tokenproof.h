/*
 * What token a created child really has, read from the child.
 *
 * The runner asks for a restricted token, creates the child suspended with it, opens the token of
 * the new process and reads every fact back here; sbx_tokenplan_check compares. Nothing learnt
 * from the token handle that was asked for counts. A query that a platform does not implement is
 * recorded as FAILED with its code, never skipped. Boundary: token recipe and its proof.
 */
#ifndef SBX_TOKENPROOF_H
#define SBX_TOKENPROOF_H

#include "win.h"
#include "../core/tokenplan.h"

/**
 * Read all facts from a token.
 *
 * The behavioural fact duplicates the token for impersonation and asks AccessCheck about three
 * made-up objects: granted to the user only (read must be allowed; write, delete and changes of
 * list and owner refused, which is what write-restricted must mean here), and granted to user and
 * run SID (write must be allowed).
 *
 * @param token with TOKEN_QUERY | TOKEN_DUPLICATE
 * @param plan  whose user and run SID the made-up objects name
 * @param ret_facts zeroed or released before; release with sbx_token_facts_done
 * @return SBX_OK when every query was tried (see ret_facts->status for each), SBX_OOM
 * @see https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-accesscheck
 */
SBX_MUST_CHECK enum sbx_status sbx_tokenproof_read(HANDLE token, const struct sbx_tokenplan *plan,
    struct sbx_token_facts *ret_facts, struct sbx_error *err);

/**
 * Prove a suspended child's token: open it, read the facts, compare with the plan.
 * @param process with PROCESS_QUERY_LIMITED_INFORMATION (PROCESS_QUERY_INFORMATION before 6.0)
 * @param findings may be NULL; every difference is appended
 * @return SBX_UNPROVEN with the first difference named; the caller terminates the child
 */
SBX_MUST_CHECK enum sbx_status sbx_tokenproof_child(HANDLE process,
    const struct sbx_tokenplan *plan, struct sbx_findings *findings, struct sbx_error *err);

#endif

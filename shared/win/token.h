/*
 * Access tokens: open, query into plain structs, duplicate, and make the restricted one that a
 * plan describes.
 *
 * Queries ask for the size, allocate that (capped), ask again, and then check every count and
 * offset against the size: a kernel that lies about sizes yields an error, not an overread.
 *
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-gettokeninformation
 */
#ifndef SBX_TOKEN_H
#define SBX_TOKEN_H

#include "win.h"
#include "../core/tokenplan.h"

/** Open a process's token. @param access TOKEN_* @param ret_token owned, sbx_handle_close */
SBX_MUST_CHECK enum sbx_status sbx_token_open(
    HANDLE process, DWORD access, HANDLE *ret_token, struct sbx_error *err);

/** Open the own process's token (impersonation is ignored). */
SBX_MUST_CHECK enum sbx_status sbx_token_open_self(
    DWORD access, HANDLE *ret_token, struct sbx_error *err);

/**
 * A copy as primary token (primary = true) or as impersonation token for AccessCheck.
 * @param token with TOKEN_DUPLICATE
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-duplicatetokenex
 */
SBX_MUST_CHECK enum sbx_status sbx_token_duplicate(
    HANDLE token, bool primary, DWORD access, HANDLE *ret_token, struct sbx_error *err);

/**
 * One information class as bytes.
 * @param max_bytes larger answers are refused with SBX_INVALID
 * @param ret_bytes owned, free(); aligned as malloc does
 */
SBX_MUST_CHECK enum sbx_status sbx_token_query(HANDLE token, TOKEN_INFORMATION_CLASS what,
    size_t max_bytes, void **ret_bytes, size_t *ret_size_bytes, struct sbx_error *err);

SBX_MUST_CHECK enum sbx_status sbx_token_user(
    HANDLE token, struct sbx_group *ret_user, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_token_owner(
    HANDLE token, struct sbx_sid *ret_owner, struct sbx_error *err);
/** TokenGroups, in the kernel's order, integrity label and logon SIDs included. */
SBX_MUST_CHECK enum sbx_status sbx_token_groups(
    HANDLE token, struct sbx_groups *ret_groups, struct sbx_error *err);
/** TokenRestrictedSids. Empty for a token without restrictions. */
SBX_MUST_CHECK enum sbx_status sbx_token_restricting(
    HANDLE token, struct sbx_groups *ret_sids, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_token_privileges(
    HANDLE token, struct sbx_privileges *ret_privileges, struct sbx_error *err);
/** TokenDefaultDacl as data; kind NULL when the token has none. Release with sbx_acl_done. */
SBX_MUST_CHECK enum sbx_status sbx_token_default_dacl(
    HANDLE token, struct sbx_acl *ret_dacl, struct sbx_error *err);
/** The integrity label's SID. Fails with code 87 on kernels before 6.0, which have none. */
SBX_MUST_CHECK enum sbx_status sbx_token_integrity(
    HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err);
/** The logon SID of the token's session. @return SBX_NOT_FOUND for a token without one */
SBX_MUST_CHECK enum sbx_status sbx_token_logon_sid(
    HANDLE token, struct sbx_sid *ret_sid, struct sbx_error *err);
/** One DWORD-sized class: TokenType, TokenSessionId, TokenElevation, TokenHasRestrictions, ... */
SBX_MUST_CHECK enum sbx_status sbx_token_number(
    HANDLE token, TOKEN_INFORMATION_CLASS what, uint32_t *ret_number, struct sbx_error *err);
/** TOKEN_ACCESS_INFORMATION.Flags. */
SBX_MUST_CHECK enum sbx_status sbx_token_flags(
    HANDLE token, uint32_t *ret_flags, struct sbx_error *err);

/**
 * Whether the token has restricting SIDs (IsTokenRestricted).
 * @return SBX_OS and friends only when the call itself failed
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-istokenrestricted
 */
SBX_MUST_CHECK enum sbx_status sbx_token_is_restricted(
    HANDLE token, bool *ret_restricted, struct sbx_error *err);

/**
 * The same of a token that somebody gave us. A kernel without restricting SIDs (Wine) cannot have
 * put any into it, so there it is "no". Not for a token that we restricted: that proof refuses.
 * @param err not NULL
 */
SBX_MUST_CHECK enum sbx_status sbx_token_came_restricted(
    HANDLE token, bool *ret_restricted, struct sbx_error *err);

/** Set the DACL that new objects of this token get. @param token with TOKEN_ADJUST_DEFAULT */
SBX_MUST_CHECK enum sbx_status sbx_token_set_default_dacl(
    HANDLE token, const struct sbx_acl *dacl, struct sbx_error *err);

/** Lower (or keep) the integrity level. @param token with TOKEN_ADJUST_DEFAULT */
SBX_MUST_CHECK enum sbx_status sbx_token_set_integrity(
    HANDLE token, const struct sbx_sid *label, struct sbx_error *err);

/**
 * Make the token that a plan describes: CreateRestrictedToken, then default DACL and integrity.
 * It is asked for, not proved: that is tokenproof.h's job, on the created child. On a kernel
 * before 6.0 setting the integrity level is left out (it has none; the proof says so).
 * @param base primary token with TOKEN_DUPLICATE, QUERY, ASSIGN_PRIMARY, ADJUST_DEFAULT
 * @param ret_token owned primary token; the handle has the rights that `base` has
 * @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-createrestrictedtoken
 */
SBX_MUST_CHECK enum sbx_status sbx_token_restrict(
    HANDLE base, const struct sbx_tokenplan *plan, HANDLE *ret_token, struct sbx_error *err);

/**
 * Fill user SID, groups and base_is_restricted of a plan's input from a base token; the other
 * members are the caller's. A platform that cannot answer TokenRestrictedSids counts as "not
 * restricted" here only when IsTokenRestricted says so too.
 * @param groups_storage {0}; released by the caller with sbx_groups_done after the plan was made
 */
SBX_MUST_CHECK enum sbx_status sbx_token_describe_base(HANDLE base,
    struct sbx_tokenplan_input *input, struct sbx_groups *groups_storage, struct sbx_error *err);

#endif

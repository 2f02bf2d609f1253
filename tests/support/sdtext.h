/*
 * Descriptors and tokens in one line, for tests that have many of them.
 *
 * Descriptor: "OWNER GROUP [P] DACL", DACL = none | null | empty | (TYPE FLAGS MASK SID)...
 *   TYPE  A allow, D deny, O allow-object, X allow-callback
 *   FLAGS - or OI CI NP IO ID run together
 *   P     SE_DACL_PROTECTED
 * Example: "U G (A OICI 1301bf K1)(D - 40 K1)"
 *
 * SIDs have short names: U user, V another user, G and H groups, E Everyone, AU, BA, SY, OW owner
 * rights, CO and CG creator owner and group, K1 and K2 capability SIDs, R run SID, L logon SID.
 */
#ifndef SBX_TESTS_SDTEXT_H
#define SBX_TESTS_SDTEXT_H

#include "shared/core/accesscheck.h"

/** The SID of a short name; a wrong name ends the test. */
struct sbx_sid sd_sid(const char *name);

/** Parse; ends the test on a mistake. Release with sbx_descriptor_done. */
void sd_parse(const char *text, struct sbx_descriptor *ret_descriptor);

/** The entries of a DACL in the form above, for comparing; "null", "none" or "empty". */
void sd_dacl_text(const struct sbx_acl *dacl, char *text, size_t size_bytes);

/* A token that owns its lists. */
struct sd_token {
    struct sbx_access_group groups[16];
    struct sbx_sid restricting[16];
    struct sbx_access_token token; /* points into the arrays: do not copy */
};

/**
 * @param user short name, with ":10" when deny-only
 * @param groups "E:7 H:10", attributes in hexadecimal; "" for none
 * @param restricting "K1 R"; "" for none
 * @param flags letters of tests/samba/README.md: w z t s b e (others are ignored here)
 */
void sd_token(struct sd_token *token, const char *user, const char *groups, const char *restricting,
    const char *flags);

/** The readings and backup intent among the flag letters. */
void sd_request(struct sbx_access_request *request, uint32_t desired, const char *flags);

#endif

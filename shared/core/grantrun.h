/*
 * Runs: some entries of a block, in one piece in a list. For grantstep.c, which puts them in, and
 * grantremove.c, which takes them out; nobody else includes this.
 */
#ifndef SBX_GRANTRUN_H
#define SBX_GRANTRUN_H

#include "grantstep.h"

enum sbx_grantrun_part { SBX_GRANTRUN_ALL, SBX_GRANTRUN_DENIES, SBX_GRANTRUN_ALLOWS };

/* The entries of a block that one part selects, as they are looked for: flags are decided here. */
struct sbx_grantrun {
    const struct sbx_acl *form;
    enum sbx_grantrun_part part;
    bool is_explicit; /* without the INHERITED flag */
};

bool sbx_grantrun_is_explicit(const struct sbx_ace *ace);
/** A deny of any kind, those for objects and callbacks included. */
bool sbx_grantrun_is_deny(const struct sbx_ace *ace);

/** What a child of this kind inherits. */
const struct sbx_acl *sbx_grantrun_form(const struct sbx_grant_block *block, bool is_directory);

/** The n-th entry of the run. @return false behind its end */
bool sbx_grantrun_entry(const struct sbx_grantrun *run, size_t n, struct sbx_ace *ret_ace);
size_t sbx_grantrun_length(const struct sbx_grantrun *run);
bool sbx_grantrun_is_at(const struct sbx_grantrun *run, const struct sbx_acl *acl, size_t at);
/** @return index of the first occurrence; SIZE_MAX: none */
size_t sbx_grantrun_find(const struct sbx_grantrun *run, const struct sbx_acl *acl);

SBX_MUST_CHECK enum sbx_status sbx_grantrun_insert(
    const struct sbx_grantrun *run, struct sbx_acl *acl, size_t at, struct sbx_error *err);
/** Take `count` entries out. @param at with count within the list */
void sbx_grantrun_erase(struct sbx_acl *acl, size_t at, size_t count);

#endif

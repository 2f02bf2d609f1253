/*
 * Random access lists and descriptors for property tests, odd entries, unknown types and slack
 * bytes included. What is made belongs to the caller.
 */
#ifndef SBX_TESTS_ACLRANDOM_H
#define SBX_TESTS_ACLRANDOM_H

#include "shared/core/acldata.h"

/* SIDs that stand for ours, the user's, and a group's. No random list holds the first. */
extern const struct sbx_sid aclrandom_capability, aclrandom_user, aclrandom_group;

/** Seed the generator: once per test. The seed is printed. */
void aclrandom_begin(void);

/** 0 to below - 1. */
uint32_t aclrandom_below(uint32_t below);

struct sbx_sid aclrandom_sid(void);
void aclrandom_list(struct sbx_acl *acl, enum sbx_acl_kind kind);
void aclrandom_descriptor(struct sbx_descriptor *d);

/** One to six plain entries for the capability. @return how many */
size_t aclrandom_ours(struct sbx_ace ours[6]);

#endif

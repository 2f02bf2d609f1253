/*
 * sbx_findings: the list of facts that were asked for and could not be shown to hold.
 *
 * One command collects them from the token, the job and the desktop; the runner refuses when the
 * list is not empty (125), and prints it when `--wine-unconfined` was accepted. A fixed array: it
 * is filled while something else is already going wrong, so it must not be able to fail.
 */
#ifndef SBX_FINDING_H
#define SBX_FINDING_H

#include "base.h"
#include "error.h"

#define SBX_FINDINGS_MAX 40u
#define SBX_FINDING_FACT_MAX 48u
#define SBX_FINDING_TEXT_MAX 232u

struct sbx_finding {
    char fact[SBX_FINDING_FACT_MAX]; /* stable name of the fact: "TokenRestrictedSids" */
    char text[SBX_FINDING_TEXT_MAX]; /* what was expected and what was seen, UTF-8, one line */
};

struct sbx_findings {
    struct sbx_finding items[SBX_FINDINGS_MAX];
    size_t count;    /* entries used */
    size_t left_out; /* further findings that had no room; never silently zero */
};

/** Make the list empty. */
void sbx_findings_init(struct sbx_findings *findings);

/**
 * Append one fact. NULL findings do nothing. Text that does not fit ends in "...".
 * @param fact stable name, letters and digits, shorter than SBX_FINDING_FACT_MAX
 */
void sbx_findings_add(struct sbx_findings *findings, const char *fact, const char *format, ...)
    SBX_PRINTF(3, 4);

/** True when the fact is in the list. */
bool sbx_findings_has(const struct sbx_findings *findings, const char *fact);

/**
 * Turn a non-empty list into an error: "<what>: could not be proved: FACT (text)" of the first
 * entry, with the number of further ones.
 * @param what what the facts are about ("the child's token")
 * @return SBX_OK for an empty list, SBX_UNPROVEN otherwise
 */
SBX_MUST_CHECK enum sbx_status sbx_findings_refuse(
    const struct sbx_findings *findings, const char *what, struct sbx_error *err);

#endif

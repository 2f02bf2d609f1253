/*
 * The context before the first step: where things lie, what is installed, what is wanted.
 */
#ifndef SBX_SETUP_PREPARE_H
#define SBX_SETUP_PREPARE_H

#include "context.h"

/**
 * Fill the paths, from the shell's data and the image's own path: no environment variable, nothing
 * of the request. Reads the record. Nothing is changed.
 * @param setup {0} but for request and operator
 * @param write false for status and the like: the journal is not locked
 * @return SBX_DENIED when an ancestor is not the machine's or another set-up is at work
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_prepare(
    struct sbx_setup *setup, bool write, struct sbx_error *err);

/**
 * Fill `wanted` from what was found and what is asked.
 * @return SBX_INVALID: more operators or accounts than there may be; SBX_DENIED: the operator is a
 *         sandbox account
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_want(struct sbx_setup *setup, struct sbx_error *err);

/** The journal knows operators: a repair without a record need not make its caller one. */
bool sbx_setup_journal_has_operators(const struct sbx_setup *setup);

/**
 * Write what `wanted` says into the journal, where its newest lines say otherwise. Called behind
 * the BEGIN line of a build.
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_keep_settings(
    struct sbx_setup *setup, struct sbx_error *err);

/** Wipe the passwords, close the journal, free. */
void sbx_setup_done(struct sbx_setup *setup);

#endif

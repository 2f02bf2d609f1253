/*
 * A command that answers and starts nothing (verbs.h), called from a session: its answer and its
 * last message come back instead of being printed.
 */
#ifndef SBX_AGENT_VERBCALL_H
#define SBX_AGENT_VERBCALL_H

#include "shared/core/buf.h"
#include "shared/core/list.h"
#include "shared/core/policy.h"

struct sbx_verbcall {
    struct sbx_strings argv; /* for sbx_cli_parse; taken */
    int exit_code;
    struct sbx_buf answer; /* JSON on one line; empty when there is none */
    struct sbx_buf said;   /* the last message, as say.h writes it; empty when there is none */
};

/** Start with {0} and argv. Needs a thread with a large stack that may ask about volumes. */
SBX_MUST_CHECK enum sbx_status sbx_verbcall_run(struct sbx_verbcall *call, struct sbx_error *err);

/** Release everything; secrets of a policy's environment are wiped. */
void sbx_verbcall_done(struct sbx_verbcall *call);

#endif

/* The command line of sandbox-setup: for administrators and fleets; the agent uses --pipe. Pure. */
#ifndef SBX_SETUP_ARGUMENTS_H
#define SBX_SETUP_ARGUMENTS_H

#include "shared/core/setupmsg.h"

enum sbx_setup_verb {
    SBX_SETUP_VERB_RUN = 1, /* request is filled */
    SBX_SETUP_VERB_PIPE,
    SBX_SETUP_VERB_STATUS,
    SBX_SETUP_VERB_STEPS,
    SBX_SETUP_VERB_HELP,
    SBX_SETUP_VERB_VERSION
};

/* Strings borrowed from argv, but for request.path. */
struct sbx_setup_arguments {
    enum sbx_setup_verb verb;
    struct sbx_setup_request request;
    const char *operator; /* of provision; NULL otherwise */
    const char *pipe;
    bool json;
};

extern const char sbx_setup_help[];

/**
 * @param argv without the program's name
 * @param ret_arguments {0}; request.path is owned, released with sbx_setup_request_done
 * @return SBX_INVALID: a usage error
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_arguments_parse(const char *const *argv, size_t argc,
    struct sbx_setup_arguments *ret_arguments, struct sbx_error *err);

#endif

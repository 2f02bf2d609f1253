/* Between verifyfixture.c, which makes, and verifyclean.c, which looks and removes. */
#ifndef SBX_AGENT_VERIFYPARTS_H
#define SBX_AGENT_VERIFYPARTS_H

#include "verify.h"

/** Make one copy of the fixture below a folder that does not exist yet. */
SBX_MUST_CHECK enum sbx_status sbx_verify_make_parts(
    const struct sbx_verify_fixture *fixture, struct sbx_error *err);

/** End the victim, close and remove the user's objects. */
void sbx_verify_close_targets(struct sbx_verify_targets *targets);

#endif

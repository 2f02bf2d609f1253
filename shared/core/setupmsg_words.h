/* Words that both halves of setupmsg.h use, indexed by enum value - 1. Internal to setupmsg*.c. */
#ifndef SBX_SETUPMSG_WORDS_H
#define SBX_SETUPMSG_WORDS_H

#include "setupmsg.h"

extern const char *const sbx_setup_mode_words[SBX_SETUP_VERIFY_UNINSTALLED];
extern const char *const sbx_setup_fence_words[SBX_SETUP_FENCE_COMPLEMENT];
extern const char *const sbx_setup_state_words[SBX_SETUP_STEP_FAILED];

#endif

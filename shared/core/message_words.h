/* Words and keys that both halves of message.h use. Internal to message*.c. */
#ifndef SBX_MESSAGE_WORDS_H
#define SBX_MESSAGE_WORDS_H

#include "message.h"

#define SBX_LIMIT_WORDS 5
#define SBX_TIME_KEYS 9

/* Indexed by enum value - 1. */
extern const char *const sbx_ended_words[SBX_ENDED_FAILED];
extern const char *const sbx_control_words[SBX_CONTROL_RESIZE];
extern const char *const sbx_stage_words[SBX_STAGE_CONFINE];
extern const char *const sbx_named_words[SBX_NAMED_UNAVAILABLE];
/* What limits_hit may hold. */
extern const char *const sbx_limit_words[SBX_LIMIT_WORDS];

/* Members of struct sbx_stage_times, all uint64_t. */
struct sbx_time_key {
    const char *key;
    size_t offset;
};
extern const struct sbx_time_key sbx_time_keys[SBX_TIME_KEYS];

#endif
